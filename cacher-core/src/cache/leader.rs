//! The one who runs the body.

use std::{
    fmt,
    pin::{Pin, pin},
    time::Duration,
};

use super::{
    Cache, Landing,
    load::{Load, Loads},
    permit::Asking,
    shipment::Guards,
    write::{Kept, New, Placing},
};
use crate::{
    bridge::Shell,
    clock::Stopwatch,
    fence::Seat,
    flight::{Crew, Flight, Outcome, Pilot, SharedError},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{self, Span, Verdict},
    strategy::{Draft, LoadEnd, life::Terms},
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

    /// Runs code of the user as part of the load: it may call the function again.
    pub(super) fn within<R>(&self, part: impl FnOnce() -> R) -> R {
        match self.pilot() {
            Some(pilot) => pilot.run(part),
            None => self.crew.run(part),
        }
    }

    /// What `work` gives, which is part of the load.
    pub(super) async fn as_part<F: Future>(&self, work: F) -> F::Output {
        let work = pin!(work);
        match self.pilot() {
            Some(pilot) => pilot.drive(work).await,
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

    fn start(&mut self) {
        self.hear_at_last();
        self.watch = Some(Stopwatch::start(&self.cache.core.clock));
        self.cache.core.counters.loads.add(1);
    }

    /// Hears from now on of what others do to the entries, where it looks into no store first.
    fn hear_at_last(&mut self) {
        if !self.cache.core.hears_of_others() {
            return;
        }
        let deaf = |load: &Load<O, H>| load.guards.hearing.is_none().then(|| self.cache.stored_key(&load.key));
        let stored: Vec<_> = self.within(|| self.loads.iter().map(|load| deaf(load).flatten()).collect());
        for (load, stored) in self.loads.iter_mut().zip(&stored) {
            stored.iter().for_each(|stored| load.hear(&self.cache, stored));
        }
    }

    /// Runs a sync body.
    pub fn run<R>(&mut self, body: impl FnOnce() -> R) -> R {
        self.start();
        let returned = self.within(|| self.span.run(body));
        self.took = Some(self.load_time());
        returned
    }

    /// Runs an async body.
    pub async fn drive<F: Future>(&mut self, body: Pin<&mut F>) -> F::Output {
        self.start();
        let returned = {
            let body = pin!(self.span.drive(body));
            match self.pilot() {
                Some(pilot) => pilot.drive(body).await,
                None => self.crew.drive(body).await,
            }
        };
        self.took = Some(self.load_time());
        returned
    }

    /// Ends a load without a value.
    pub(crate) fn fail(mut self: Box<Self>, share: impl FnOnce() -> Option<SharedError>) {
        let error = self.within(share);
        self.tell(LoadEnd::Failure);
        self.cache.core.counters.load_failures.add(1);
        self.span.end(Verdict::Failed);
        self.land(Outcome::Failed(error));
    }

    /// Ends a load with a value where memory is all there is; else the leader comes back, for [`Self::settle`].
    pub(crate) fn settle_at_once(self: Box<Self>, value: &H::Value) -> Option<Box<Self>> {
        match &self.loads {
            Loads::One(load) if self.cache.simple && !load.overwrites => {
                self.span.end(self.success);
                let held = self.within(|| self.keep(load, value));
                self.land(Outcome::Landed(held));
                None
            }
            _ => Some(self),
        }
    }

    /// Puts a value in memory, and gives it for followers.
    fn keep(&self, load: &Load<O, H>, value: &H::Value) -> H {
        let (held, terms) = self.held(load, value);
        if let Some(draft) = self.cache.draft(&load.key, &terms, self.load_time()) {
            let partition = load.terms.partition;
            let new =
                New { value, held: held.clone(), draft, load_began: load.began, partition, guards: Guards::default() };
            let times = self.cache.times(&new);
            self.cache.keep(&load.seat, &load.key, new, times);
        }
        held
    }

    /// A value for memory and for followers, and what is said about it.
    fn held(&self, load: &Load<O, H>, value: &H::Value) -> (H, Terms) {
        (H::hold(value.clone()), load.terms.with((self.cache.seen)(value)))
    }

    /// Ends a load with a value: stores it, then hands it to the followers.
    pub(crate) async fn settle(self: Box<Self>, shell: Shell, value: &H::Value) {
        self.settle_all(shell, &[Some(value)]).await;
    }

    /// Ends each load with its value, or with none if the body has none for it.
    pub(crate) async fn settle_all(mut self: Box<Self>, shell: Shell, values: &[Option<&H::Value>]) {
        self.tell(LoadEnd::Value);
        self.span.end(self.success);
        let held = self.within(|| {
            let all = self.loads.iter().zip(values);
            all.map(|(load, value)| value.map(|value| self.held(load, value))).collect::<Vec<_>>()
        });
        self.as_part(async { self.span.drive(pin!(self.store(shell, values, &held))).await }).await;
        self.count_end();
        for (load, held) in self.loads.iter().zip(held) {
            load.land(held.map_or(Outcome::Absent, |(held, _)| Outcome::Landed(held)));
        }
    }

    async fn store(&self, shell: Shell, values: &[Option<&H::Value>], held: &[Option<(H, Terms)>]) {
        let cache = &self.cache;
        let all = self.loads.iter().zip(values).zip(held);
        let all = all.filter_map(|((load, value), held)| Some((load, (*value)?, held.as_ref()?)));
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for (load, value, (held, terms)) in all {
            let draft = || cache.draft(&load.key, terms, self.load_time());
            match cache.kept(value).and_then(|kept| Some((kept, draft()?))) {
                Some((changed, draft)) => kept.push((load, value, held, changed, draft)),
                None => refused.push(load),
            }
        }
        let placings =
            kept.iter().map(|(load, value, held, changed, draft)| self.placing(load, value, held, (changed, *draft)));
        let (over, anew): (Vec<_>, Vec<_>) = placings.partition(|(overwrites, _)| *overwrites);
        if !anew.is_empty() {
            cache.put_all(shell, anew.into_iter().map(|(_, placing)| placing).collect()).await;
        }
        if !over.is_empty() {
            cache.overwrite_all(shell, over.into_iter().map(|(_, placing)| placing).collect()).await;
        }
        // What stands there is older than what is not kept.
        let gone: Vec<_> = refused.into_iter().filter(|load| load.overwrites).map(|load| load.key.clone()).collect();
        if !gone.is_empty() {
            cache.invalidate_all(shell, &gone).await;
        }
    }

    fn placing<'a>(
        &self,
        load: &'a Load<O, H>,
        value: &'a H::Value,
        held: &H,
        (kept, draft): (&'a Kept<H::Value>, Draft),
    ) -> (bool, Placing<'a, O, H>) {
        let held = match kept {
            Kept::AsItIs => held.clone(),
            Kept::Changed(value) => H::hold(value.clone()),
        };
        let (partition, guards) = (load.terms.partition, load.guards.clone());
        let new = New { value: kept.or(value), held, draft, load_began: load.began, partition, guards };
        (load.overwrites, Placing { seat: &load.seat, key: &load.key, new })
    }

    /// Tells the strategies once that the body has ended, or that it never ran.
    fn tell(&mut self, end: LoadEnd) {
        let permitted = std::mem::take(&mut self.permitted);
        let Some(asking) = self.asking.filter(|_| permitted) else { return };
        let core = &self.cache.core;
        let call = asking.call(core);
        self.within(|| match self.watch {
            Some(_) => core.strategies.after_load(&call, end),
            None => core.strategies.revoke_load(&call),
        });
    }

    /// Ends the loads for their followers. Whoever comes from now on leads anew, or finds the value.
    #[expect(clippy::boxed_local, reason = "to take it out of its box is to move it")]
    pub(super) fn land(mut self: Box<Self>, outcome: Outcome<H>) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Outcome<H>) {
        if !self.over {
            self.count_end();
            match &self.loads {
                Loads::One(load) => load.land(outcome),
                Loads::Many(loads) => loads.iter().for_each(|load| load.land(outcome.clone())),
            }
        }
    }

    fn count_end(&mut self) {
        self.over = true;
        if self.watch.is_some() {
            let (core, time) = (&self.cache.core, self.load_time());
            core.counters.load_nanos.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            self.span.took(time);
            observe::load_time(&core.name, time);
            core.publish();
        }
    }

    fn load_time(&self) -> Duration {
        let elapsed = || self.watch.as_ref().map(Stopwatch::elapsed).unwrap_or_default();
        self.took.unwrap_or_else(elapsed)
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
