//! One load per key at a time: the leader loads, followers get its value.

mod pilot;

use std::{any::Any, fmt, future::poll_fn, ops::Deref, pin::Pin, task::Poll, time::Duration};

pub(crate) use pilot::{Crew, Pilot};

#[cfg(cacher_shuttle)]
use crate::sync::flaw::{self, Flaw};
use crate::{
    bridge::Shell,
    chain,
    clock::Clock,
    sync::{Arc, Event, Mutex, lock},
    tags::Tagged,
    time::Tick,
};

/// An error of a body, for its followers: a clone of it, of a type that only the call site knows.
pub type SharedError = Arc<dyn Any + Send + Sync>;

/// A load in flight.
pub(crate) struct Flight<H> {
    flown: Flown,
    course: Mutex<Course<H>>,
    landed: Event,
}

/// By whom: somebody for this flight alone, or one for several keys at once.
enum Flown {
    Alone(Pilot),
    Together(Arc<Pilot>),
}

impl Deref for Flown {
    type Target = Pilot;

    fn deref(&self) -> &Pilot {
        match self {
            Self::Alone(pilot) => pilot,
            Self::Together(pilot) => pilot,
        }
    }
}

/// How it went so far.
struct Course<H> {
    outcome: Outcome<H>,
    /// What followers may have instead of waiting.
    offer: Option<Offer<H>>,
    /// The tags of the value.
    tagged: Tagged,
    /// Until when the value is for those who come.
    until: Tick,
    /// Whether somebody waits, or has waited.
    followed: bool,
}

impl<H> fmt::Debug for Flight<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("pilot", &*self.flown).finish_non_exhaustive()
    }
}

/// A value that answers calls while another is loaded.
#[derive(Clone, Debug)]
pub(crate) struct Offer<H> {
    pub(crate) held: H,
    /// Until when it is fresh.
    pub(crate) fresh_until: Tick,
    /// From when on followers take it, and until when.
    pub(crate) from: Tick,
    pub(crate) until: Tick,
    pub(crate) tagged: Tagged,
}

/// How long a body may take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadlines {
    /// Until callers get a value past its time, if there is one.
    pub soft: Option<Duration>,
    /// Until callers get an error.
    pub hard: Option<Duration>,
    /// Until the key is free for another load.
    pub abandon: Option<Duration>,
}

impl Deadlines {
    /// After how long a value past its time is offered.
    pub(crate) fn until_old(&self) -> Option<Duration> {
        self.soft.into_iter().chain(self.hard).min()
    }
}

/// What became of a load.
#[derive(Clone)]
pub(crate) enum Outcome<H> {
    InFlight,
    /// The value.
    Landed(H),
    /// No value; the error if it could be cloned.
    Failed(Option<SharedError>),
    /// No value: the body took too long.
    TimedOut,
    /// No value: the body has none for this key.
    Absent,
}

/// What a follower got.
pub(crate) enum Followed<H> {
    /// The leader's value.
    Landed(H),
    /// The leader's error.
    Failed(SharedError),
    /// That there is no value.
    Absent,
    /// A value meanwhile.
    Offered(Offer<H>),
    /// Nothing: the body takes too long.
    TimedOut,
    /// Nothing: the next one leads.
    Again,
    /// Waiting is in vain or has taken too long: the caller loads on its own.
    Alone,
}

impl<H: Clone> Flight<H> {
    /// Takes off. The caller is its leader.
    pub(crate) fn new(shell: Shell) -> Arc<Self> {
        Self::with(Flown::Alone(Pilot::new(shell)))
    }

    /// Takes off, one of several of this pilot.
    pub(crate) fn of(pilot: &Arc<Pilot>) -> Arc<Self> {
        Self::with(Flown::Together(Arc::clone(pilot)))
    }

    fn with(flown: Flown) -> Arc<Self> {
        let course = Mutex::new(Course {
            outcome: Outcome::InFlight,
            offer: None,
            tagged: Tagged::default(),
            until: Tick::NEVER,
            followed: false,
        });
        Arc::new(Self { flown, course, landed: Event::new() })
    }

    /// Who flies it.
    pub(crate) fn pilot(&self) -> &Pilot {
        &self.flown
    }

    /// Ends the load. Only the first outcome counts.
    pub(crate) fn land(&self, outcome: Outcome<H>) {
        let followed = {
            let mut course = lock(&self.course);
            if !matches!(course.outcome, Outcome::InFlight) {
                return;
            }
            course.outcome = outcome;
            course.followed
        };
        #[cfg(cacher_shuttle)]
        let followed = followed && !flaw::has(Flaw::SilentLanding);
        if followed {
            self.landed.notify(usize::MAX);
        }
    }

    /// Lets followers have a value instead of waiting.
    pub(crate) fn offer(&self, offer: Offer<H>) {
        let mut course = lock(&self.course);
        let earlier = course.offer.replace(offer);
        let followed = course.followed;
        drop(course);
        drop(earlier);
        if followed {
            self.landed.notify(usize::MAX);
        }
    }

    /// Says which tags the value has that it will land with.
    pub(crate) fn tag(&self, tagged: Tagged) {
        let earlier = std::mem::replace(&mut lock(&self.course).tagged, tagged);
        drop(earlier);
    }

    /// Says until when the value is fresh that it will land with, which was found and not loaded.
    pub(crate) fn lasts_until(&self, until: Tick) {
        lock(&self.course).until = until;
    }

    /// Whether the value that has landed has such tags.
    pub(crate) fn has_tags_of(&self, asked: impl FnOnce(&Tagged) -> bool) -> bool {
        asked(&lock(&self.course).tagged)
    }

    /// Lets those who follow look at the time again: the body has begun.
    pub(crate) fn stir(&self) {
        if lock(&self.course).followed {
            self.landed.notify(usize::MAX);
        }
    }

    /// Whether the body has taken so long that another may load the key.
    pub(crate) fn is_abandoned(&self, now: Tick, after: Duration) -> bool {
        self.pilot().began().is_some_and(|began| now >= began.after(after))
    }

    /// Waits for the leader, but not in vain, and not past `deadline`, or past `patience` after the body could begin.
    pub(crate) async fn follow(
        &self,
        shell: Shell,
        clock: &Clock,
        (patience, deadlines): (Duration, Deadlines),
        deadline: impl FnOnce() -> Tick,
    ) -> Followed<H> {
        let pilot = self.pilot();
        let Some(_waiting) = chain::wait_for(pilot.id()) else { return Followed::Alone };
        let mut deadline = Some(deadline);
        let mut until = Tick::NEVER;
        loop {
            let mut listener = self.landed.listen();
            let now = clock.tick();
            let offer = match self.followed(now) {
                Err(followed) => return followed,
                Ok(offer) => offer,
            };
            if let Some(followed) = self.at(now, offer.as_ref(), deadlines) {
                return followed;
            }
            if shell == Shell::Sync && pilot.waits_for_this_thread() {
                return Followed::Alone;
            }
            if let Some(deadline) = deadline.take() {
                until = deadline();
            }
            let patience_ends = pilot.patience_ends(patience).map_or(until, |end| end.max(until));
            let abandons = deadlines.abandon.is_some() && pilot.began().is_some();
            if now >= patience_ends && !abandons {
                return Followed::Alone;
            }
            let next = self.next_change(now, offer.as_ref(), deadlines);
            let mut timer = clock.sleep_until(if abandons { next } else { next.min(patience_ends) });
            poll_fn(|cx| {
                if Pin::new(&mut listener).poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                Pin::new(&mut timer).poll(cx)
            })
            .await;
        }
    }

    /// What a follower gets at this time, without an outcome.
    fn at(&self, now: Tick, offer: Option<&Offer<H>>, deadlines: Deadlines) -> Option<Followed<H>> {
        let holds = |offer: &&Offer<H>| offer.from <= now && now < offer.until && offer.tagged.is_current();
        if let Some(offer) = offer.filter(holds) {
            return Some(Followed::Offered(offer.clone()));
        }
        let began = self.pilot().began()?;
        let is_over = |time: Option<Duration>| time.is_some_and(|time| now >= began.after(time));
        if is_over(deadlines.abandon) {
            return Some(Followed::Again);
        }
        is_over(deadlines.hard).then_some(Followed::TimedOut)
    }

    /// When something else may be said.
    fn next_change(&self, now: Tick, offer: Option<&Offer<H>>, deadlines: Deadlines) -> Tick {
        let offered = offer.map(|offer| offer.from).filter(|from| now < *from);
        let began = self.pilot().began();
        let ends = [deadlines.hard, deadlines.abandon].into_iter().flatten();
        let ends = ends.filter_map(|time| began.map(|began| began.after(time))).filter(|end| now < *end);
        ends.chain(offered).min().unwrap_or(Tick::NEVER)
    }

    /// What a follower gets; or what it may have meanwhile.
    fn followed(&self, now: Tick) -> Result<Option<Offer<H>>, Followed<H>> {
        let mut course = lock(&self.course);
        // Whoever listens by now is notified.
        course.followed = true;
        // Values are cloned here, under the lock, only as a slot is: without running the user's code.
        let (outcome, offer) = (course.outcome.clone(), course.offer.clone());
        let (tagged, until) = (course.tagged.clone(), course.until);
        drop(course);
        #[cfg(cacher_shuttle)]
        let tagged = if flaw::has(Flaw::UncheckedTag) { Tagged::default() } else { tagged };
        Err(match outcome {
            Outcome::InFlight => return Ok(offer),
            // Its load may have begun before the invalidation, and the follower come after it.
            Outcome::Landed(_) if !tagged.is_current() => Followed::Again,
            // It was found before its end, and the follower may come after it.
            Outcome::Landed(_) if now >= until => Followed::Again,
            Outcome::Landed(value) => Followed::Landed(value),
            Outcome::Failed(Some(error)) => Followed::Failed(error),
            Outcome::Failed(None) => Followed::Again,
            Outcome::TimedOut => Followed::TimedOut,
            Outcome::Absent => Followed::Absent,
        })
    }
}
