//! The one who flies: it is known on which thread a load goes on, and what else waits for it.

use std::{future::poll_fn, pin::Pin, time::Duration};

use crate::{
    bridge::Shell,
    chain::{self, FlightId},
    sync::{Arc, AtomicBool, AtomicU64, Ordering},
    time::Tick,
};

/// Whoever runs a body, for one key or for several.
#[derive(Debug)]
pub(crate) struct Pilot {
    id: FlightId,
    shell: Shell,
    thread: AtomicU64,
    polled: AtomicBool,
    /// Until when a rate limit or a strategy holds the body back; 0 if none has.
    held: AtomicU64,
}

impl Pilot {
    /// The caller.
    pub(crate) fn new(shell: Shell) -> Self {
        Self {
            id: FlightId::next(),
            shell,
            thread: AtomicU64::new(chain::this_thread()),
            polled: AtomicBool::new(true),
            held: AtomicU64::new(0),
        }
    }

    pub(super) fn id(&self) -> FlightId {
        self.id
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
            let _polled = Polled::begin(self);
            part.as_mut().poll(cx)
        })
        .await
    }

    /// Says that the body does not begin before then.
    pub(crate) fn hold(&self, until: Tick) {
        self.held.store(until.0, Ordering::SeqCst);
    }

    /// How long followers wait for a body that was held back.
    pub(super) fn patience_ends(&self, patience: Duration) -> Option<Tick> {
        match self.held.load(Ordering::SeqCst) {
            0 => None,
            held => Some(Tick(held).after(patience)),
        }
    }

    /// Whether only this thread can be expected to poll the load again, and does not do so now.
    pub(super) fn waits_for_this_thread(&self) -> bool {
        self.shell == Shell::Async
            && !self.polled.load(Ordering::SeqCst)
            && self.thread.load(Ordering::SeqCst) == chain::this_thread()
    }
}

/// The pilots of loads that one body is run for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crew(Vec<Arc<Pilot>>);

impl Crew {
    /// One for all.
    pub(crate) fn of(pilot: &Arc<Pilot>) -> Self {
        Self(vec![Arc::clone(pilot)])
    }

    /// These and those of another.
    pub(crate) fn join(&mut self, other: Self) {
        let new = other.0.into_iter().filter(|pilot| !self.0.iter().any(|own| Arc::ptr_eq(own, pilot)));
        let new: Vec<_> = new.collect();
        self.0.extend(new);
    }

    /// As [`Pilot::run`].
    pub(crate) fn run<T>(&self, part: impl FnOnce() -> T) -> T {
        let _within: Vec<_> = self.0.iter().map(|pilot| chain::enter(pilot.id)).collect();
        part()
    }

    /// As [`Pilot::drive`].
    pub(crate) async fn drive<F: Future>(&self, mut part: Pin<&mut F>) -> F::Output {
        poll_fn(|cx| {
            let _within: Vec<_> = self.0.iter().map(|pilot| chain::enter(pilot.id)).collect();
            let _polled: Vec<_> = self.0.iter().map(|pilot| Polled::begin(pilot)).collect();
            part.as_mut().poll(cx)
        })
        .await
    }

    /// As [`Pilot::hold`].
    pub(crate) fn hold(&self, until: Tick) {
        self.0.iter().for_each(|pilot| pilot.hold(until));
    }
}

/// A poll of the load that is going on.
struct Polled<'a>(&'a Pilot);

impl<'a> Polled<'a> {
    fn begin(pilot: &'a Pilot) -> Self {
        pilot.thread.store(chain::this_thread(), Ordering::SeqCst);
        pilot.polled.store(true, Ordering::SeqCst);
        Self(pilot)
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.0.polled.store(false, Ordering::SeqCst);
    }
}
