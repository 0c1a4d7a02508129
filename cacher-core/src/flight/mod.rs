//! One load per key at a time: the leader loads, followers get its value.

mod pilot;

use std::{any::Any, fmt, future::poll_fn, ops::Deref, pin::Pin, task::Poll, time::Duration};

pub(crate) use pilot::{Crew, Pilot};

use crate::{
    bridge::Shell,
    chain,
    clock::Clock,
    sync::{Arc, Event, Mutex, lock},
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
    /// Whether somebody waits, or has waited.
    followed: bool,
}

impl<H> fmt::Debug for Flight<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("pilot", &*self.flown).finish_non_exhaustive()
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
        let course = Mutex::new(Course { outcome: Outcome::InFlight, followed: false });
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
        if followed {
            self.landed.notify(usize::MAX);
        }
    }

    /// Waits for the leader, but not in vain, and not past `deadline`, or past `patience` after the body could begin.
    pub(crate) async fn follow(
        &self,
        shell: Shell,
        clock: &Clock,
        patience: Duration,
        deadline: impl FnOnce() -> Tick,
    ) -> Followed<H> {
        let pilot = self.pilot();
        let Some(_waiting) = chain::wait_for(pilot.id()) else { return Followed::Alone };
        let mut deadline = Some(deadline);
        let mut timer = None;
        loop {
            let mut listener = self.landed.listen();
            if let Some(followed) = self.followed() {
                return followed;
            }
            if shell == Shell::Sync && pilot.waits_for_this_thread() {
                return Followed::Alone;
            }
            if let Some(deadline) = deadline.take() {
                timer = Some(clock.sleep_until(deadline()));
            }
            let timed_out = poll_fn(|cx| {
                if Pin::new(&mut listener).poll(cx).is_ready() {
                    return Poll::Ready(false);
                }
                timer.as_mut().map_or(Poll::Pending, |timer| Pin::new(timer).poll(cx).map(|()| true))
            })
            .await;
            if timed_out {
                match pilot.patience_ends(patience).filter(|end| clock.tick() < *end) {
                    Some(end) => timer = Some(clock.sleep_until(end)),
                    None => return Followed::Alone,
                }
            }
        }
    }

    fn followed(&self) -> Option<Followed<H>> {
        let mut course = lock(&self.course);
        // Whoever listens by now is notified.
        course.followed = true;
        // The value is cloned here, under the lock, only as a slot is: without running the user's code.
        let outcome = course.outcome.clone();
        drop(course);
        match outcome {
            Outcome::InFlight => None,
            Outcome::Landed(value) => Some(Followed::Landed(value)),
            Outcome::Failed(Some(error)) => Some(Followed::Failed(error)),
            Outcome::Failed(None) => Some(Followed::Again),
            Outcome::Absent => Some(Followed::Absent),
        }
    }
}
