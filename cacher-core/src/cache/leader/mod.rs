//! The one who runs the body.

mod body;
mod end;
mod look;
mod settle;

pub use body::Ended;

use std::{
    fmt,
    pin::{Pin, pin},
    time::Duration,
};

use super::{
    Cache, Landing,
    load::{Load, Loads},
    permit::Asking,
};
use crate::{
    chain::FlightId,
    clock::Stopwatch,
    error::Error,
    fence::Seat,
    flight::{Crew, Flight, Outcome, Pilot},
    gate::Place,
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{Span, Verdict},
    strategy::{
        LoadEnd,
        life::{Age, Terms},
    },
    sync::Arc,
    time::Tick,
};

/// The right and the duty to run the body, for one key or for several. Dropped without an outcome, the loads have failed
/// and the next one leads.
///
/// Handed on in a box: it is large, and the future of each async call has room for it.
pub struct Leader<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    pub(super) cache: Arc<Cache<O, H, T>>,
    /// What is to be stored; empty if nothing is.
    pub(super) loads: Loads<O, H>,
    /// Who flies them, if they are several.
    pub(super) crew: Crew,
    /// Whether the load is over, and counted.
    over: bool,
    /// For whom strategies are asked; `None` if they are not.
    pub(super) asking: Option<Asking>,
    /// Whether they were told that the body runs.
    pub(super) permitted: bool,
    /// The place of the body, if only so many may run at once.
    pub(super) place: Option<Place>,
    /// Runs since the body started.
    watch: Option<Stopwatch>,
    /// How long the body took, once it has ended.
    took: Option<Duration>,
    /// The span of the call, and what becomes of it if the body succeeds.
    pub(super) span: Span,
    success: Verdict,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Leader<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leader").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    pub(super) fn new(
        cache: &Arc<Cache<O, H, T>>,
        key: Key<O>,
        seat: Seat<O, Landing<H>>,
        flight: Option<Arc<Flight<H>>>,
        terms: Terms,
    ) -> Box<Self> {
        let asking = Asking::about(&key, &terms);
        let load = Load::new(cache, key, seat, flight, terms);
        Self::with(cache, Loads::One(load), Crew::default(), Some(asking))
    }

    /// One of several keys.
    pub(super) fn of(
        cache: &Arc<Cache<O, H, T>>,
        loads: Vec<Load<O, H>>,
        crew: Crew,
        asking: Option<Asking>,
    ) -> Box<Self> {
        Self::with(cache, Loads::Many(loads), crew, asking)
    }

    /// A leader of other loads of the same call.
    pub(super) fn like(&self, loads: Vec<Load<O, H>>) -> Box<Self> {
        let leader = Self::with(&self.cache, Loads::Many(loads), self.crew.clone(), self.asking);
        leader.ending(self.success).in_span(&self.span)
    }

    /// The same leader, whose values take the place of what is stored already.
    pub(super) fn overwriting(mut self: Box<Self>) -> Box<Self> {
        self.loads.iter_mut().for_each(|load| load.overwrites = true);
        self.ending(Verdict::Refreshed)
    }

    /// One whose value is not stored.
    pub(super) fn unseated(cache: &Arc<Cache<O, H, T>>, asking: Option<Asking>) -> Box<Self> {
        Self::with(cache, Loads::none(), Crew::default(), asking).ending(Verdict::Bypassed)
    }

    fn with(cache: &Arc<Cache<O, H, T>>, loads: Loads<O, H>, crew: Crew, asking: Option<Asking>) -> Box<Self> {
        let (span, success) = (Span::none(), Verdict::Loaded);
        Box::new(Self {
            cache: Arc::clone(cache),
            loads,
            crew,
            over: false,
            asking,
            permitted: false,
            place: None,
            watch: None,
            took: None,
            span,
            success,
        })
    }

    /// The same leader of a load that is shown to end so if it succeeds.
    pub(super) fn ending(mut self: Box<Self>, success: Verdict) -> Box<Self> {
        self.success = success;
        self
    }

    /// The same leader for the call of this span.
    pub(super) fn in_span(mut self: Box<Self>, span: &Span) -> Box<Self> {
        self.span = span.clone();
        self
    }

    /// The one who flies the only load, if others can follow it.
    fn pilot(&self) -> Option<&Pilot> {
        match &self.loads {
            Loads::One(load) => load.flight.as_ref().map(|flight| flight.pilot()),
            Loads::Many(_) => None,
        }
    }

    /// What others can wait for.
    pub(super) fn flight_id(&self) -> Option<FlightId> {
        self.pilot().map(Pilot::id)
    }

    /// Runs code of the user as part of the load: it may call the function again.
    pub(super) fn within<R>(&self, part: impl FnOnce() -> R) -> R {
        match self.pilot() {
            Some(pilot) => pilot.run(|| self.crew.run(part)),
            None => self.crew.run(part),
        }
    }

    /// What `work` gives, which is part of the load.
    pub(super) async fn as_part<F: Future>(&self, work: Pin<&mut F>) -> F::Output {
        match self.pilot() {
            Some(pilot) if self.crew.is_empty() => pilot.drive(work).await,
            Some(pilot) => pilot.drive(pin!(self.crew.drive(work))).await,
            None => self.crew.drive(work).await,
        }
    }

    /// Says that the body does not begin before then: followers do not lose patience meanwhile.
    pub(super) fn hold(&self, until: Tick) {
        match self.pilot() {
            Some(pilot) => pilot.hold(until),
            None => self.crew.hold(until),
        }
    }

    /// The name of the function.
    pub(crate) fn name(&self) -> Arc<str> {
        self.cache.name()
    }

    /// The error of a body that takes too long.
    pub(crate) fn timed_out(&self) -> Error {
        self.cache.timed_out()
    }

    fn has_old(&self) -> bool {
        self.loads.iter().any(|load| load.old.is_some())
    }

    /// The value of a load that answers calls while it is loaded anew.
    pub(crate) fn due_value(&self, at: usize) -> Option<H::Value> {
        let old = self.loads.get(at)?.due()?;
        let value = self.within(|| self.cache.outward(old.held.clone().value()))?;
        self.cache.count_old(old.fresh_until, Age::Due);
        Some(value)
    }

    /// Whether there is a value within its TTL for each load.
    pub(crate) fn is_live(&self) -> bool {
        let now = self.cache.core.clock.tick();
        !self.loads.is_empty() && self.loads.iter().all(|load| load.is_live(now))
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Drop for Leader<O, H, T> {
    fn drop(&mut self) {
        if !self.over {
            self.tell(LoadEnd::Failure);
            if self.watch.is_some() {
                self.cache.core.counters.load_failures.add(1);
            }
            self.span.end(Verdict::Failed);
            self.end(Outcome::Failed(None));
        }
    }
}
