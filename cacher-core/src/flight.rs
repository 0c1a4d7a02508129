//! One load per key at a time: the leader loads, followers get its value.

use std::{any::Any, fmt, future::poll_fn, pin::Pin, task::Poll, time::Duration};

use crate::{
    bridge::Shell,
    chain::{self, FlightId},
    clock::Clock,
    sync::{Arc, AtomicBool, AtomicU64, Event, Mutex, Ordering, lock},
    time::Tick,
};

/// An error of a body, for its followers: a clone of it, of a type that only the call site knows.
pub type SharedError = Arc<dyn Any + Send + Sync>;

/// A load in flight.
pub(crate) struct Flight<H> {
    id: FlightId,
    leader: Leader,
    /// Until when a rate limit or a strategy holds the body back; 0 if none has.
    held: AtomicU64,
    course: Mutex<Course<H>>,
    landed: Event,
}

/// How it went so far.
struct Course<H> {
    outcome: Outcome<H>,
    /// Whether somebody waits, or has waited.
    followed: bool,
}

impl<H> fmt::Debug for Flight<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where the leader runs.
#[derive(Debug)]
struct Leader {
    shell: Shell,
    thread: AtomicU64,
    polled: AtomicBool,
}

/// What became of a load.
#[derive(Clone)]
pub(crate) enum Outcome<H> {
    InFlight,
    /// The value.
    Landed(H),
    /// No value; the error if it could be cloned.
    Failed(Option<SharedError>),
}

/// What a follower got.
pub(crate) enum Followed<H> {
    /// The leader's value.
    Landed(H),
    /// The leader's error.
    Failed(SharedError),
    /// Nothing: the next one leads.
    Again,
    /// Waiting is in vain or has taken too long: the caller loads on its own.
    Alone,
}

impl<H: Clone> Flight<H> {
    /// Takes off. The caller is its leader.
    pub(crate) fn new(shell: Shell) -> Arc<Self> {
        Arc::new(Self {
            id: FlightId::next(),
            leader: Leader { shell, thread: AtomicU64::new(chain::this_thread()), polled: AtomicBool::new(true) },
            held: AtomicU64::new(0),
            course: Mutex::new(Course { outcome: Outcome::InFlight, followed: false }),
            landed: Event::new(),
        })
    }

    /// Runs a sync part of the load.
    pub(crate) fn run<T>(&self, part: impl FnOnce() -> T) -> T {
        let _within = chain::enter(self.id);
        part()
    }

    /// Runs an async part of the load: passes each poll through, and notes where it happens.
    pub(crate) async fn drive<F: Future>(&self, mut part: Pin<&mut F>) -> F::Output {
        poll_fn(|cx| {
            let _within = chain::enter(self.id);
            let _polled = Polled::begin(&self.leader);
            part.as_mut().poll(cx)
        })
        .await
    }

    /// Says that the body does not begin before then.
    pub(crate) fn hold(&self, until: Tick) {
        self.held.store(until.0, Ordering::SeqCst);
    }

    /// How long followers wait for a body that was held back.
    fn patience_ends(&self, patience: Duration) -> Option<Tick> {
        match self.held.load(Ordering::SeqCst) {
            0 => None,
            held => Some(Tick(held).after(patience)),
        }
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
        let Some(_waiting) = chain::wait_for(self.id) else { return Followed::Alone };
        let mut deadline = Some(deadline);
        let mut timer = None;
        loop {
            let mut listener = self.landed.listen();
            if let Some(followed) = self.followed() {
                return followed;
            }
            if shell == Shell::Sync && self.leader.waits_for_this_thread() {
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
                match self.patience_ends(patience).filter(|end| clock.tick() < *end) {
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
        }
    }
}

impl Leader {
    /// Whether only this thread can be expected to poll the leader again, and does not do so now.
    fn waits_for_this_thread(&self) -> bool {
        self.shell == Shell::Async
            && !self.polled.load(Ordering::SeqCst)
            && self.thread.load(Ordering::SeqCst) == chain::this_thread()
    }
}

/// A poll of the leader that is going on.
struct Polled<'a>(&'a Leader);

impl<'a> Polled<'a> {
    fn begin(leader: &'a Leader) -> Self {
        leader.thread.store(chain::this_thread(), Ordering::SeqCst);
        leader.polled.store(true, Ordering::SeqCst);
        Self(leader)
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.0.polled.store(false, Ordering::SeqCst);
    }
}
