//! The one who runs the body.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    time::Duration,
};

use super::{
    Cache, Landing,
    load::{Load, Loads},
    memory::Old,
    permit::Asking,
    shipment::Guards,
    write::{Kept, New, Placing},
};
use crate::{
    bridge::{Shell, caught},
    chain::FlightId,
    clock::Stopwatch,
    core::{LeftOut, tokens::TokensOfTiers, within},
    error::Error,
    fence::Seat,
    flight::{Crew, Deadlines, Flight, Outcome, Pilot, SharedError},
    gate::Place,
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{self, Span, Verdict},
    previous::{self, Showing},
    returns::Returns,
    strategy::{
        Draft, LoadEnd,
        life::{Age, Terms},
    },
    sync::Arc,
    tags::Tagged,
    time::Tick,
};

/// How a body ended.
pub enum Ended<R> {
    /// It returned.
    Returned(R),
    /// It panicked, where something may stand in for what it would have returned.
    Panicked(Box<dyn Any + Send>),
    /// It took longer than it may.
    TimedOut,
}

impl<R> fmt::Debug for Ended<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Returned(_) => "Returned",
            Self::Panicked(_) => "Panicked",
            Self::TimedOut => "TimedOut",
        })
    }
}

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

    fn start(&mut self) {
        self.hear_at_last();
        let core = &self.cache.core;
        self.watch = Some(Stopwatch::start(&core.clock));
        core.counters.loads.add(1);
        let deadlines = core.config.deadlines;
        if deadlines.until_old().is_some() || deadlines.abandon.is_some() {
            self.start_the_clock(deadlines);
        }
    }

    /// Lets followers know how long the body takes, and what they may have instead of its value.
    fn start_the_clock(&self, deadlines: Deadlines) {
        let now = self.cache.core.clock.tick();
        match self.pilot() {
            Some(pilot) => pilot.begin(now),
            None => self.crew.begin(now),
        }
        for load in self.loads.iter() {
            match (&load.old, deadlines.until_old()) {
                (Some((old, age)), Some(wait)) if load.due().is_none() => {
                    let until = self.cache.core.config.life.stands_in_until(old.fresh_until, *age <= Age::Due);
                    load.offer(old, now.after(wait), until);
                }
                _ => load.flight.iter().for_each(|flight| flight.stir()),
            }
        }
    }

    /// Hears from now on of what others do to the entries, where it looks into no store first.
    fn hear_at_last(&mut self) {
        if !self.cache.core.hears_of_others() {
            return;
        }
        let deaf = |load: &Load<O, H>| load.guards.hearing.is_none().then(|| self.cache.stored_key(&load.key));
        let stored: Vec<_> = self.within(|| self.loads.iter().map(|load| deaf(load).flatten()).collect());
        for (load, stored) in self.loads.iter_mut().zip(&stored) {
            if let Some(stored) = stored {
                load.hear(&self.cache, stored);
            }
        }
    }

    /// What the body may find to be still good.
    fn showing(&self) -> Option<Arc<Showing>> {
        let (shown, Loads::One(load)) = (self.cache.shown?, &self.loads) else { return None };
        let (old, _) = load.old.as_ref().filter(|(old, _)| old.tagged.is_current())?;
        let value = self.within(|| self.cache.outward(old.held.clone().value()))?;
        Some(Showing::new(shown(value), self.cache.core.clock.stamp().since(old.created)))
    }

    /// Runs a sync body. A panic goes on, unless there is a value that stands in for what the body would have returned.
    pub fn run<R>(&mut self, body: impl FnOnce() -> R) -> Ended<R> {
        self.start();
        let showing = self.showing();
        let body = || previous::within(showing.as_ref(), body);
        let ended = if self.has_old() {
            self.within(|| self.span.run(|| catch_unwind(AssertUnwindSafe(body))))
                .map_or_else(Ended::Panicked, Ended::Returned)
        } else {
            Ended::Returned(self.within(|| self.span.run(body)))
        };
        self.body_ended(showing);
        ended
    }

    fn body_ended(&mut self, showing: Option<Arc<Showing>>) {
        if showing.is_some_and(|showing| showing.is_confirmed()) {
            self.cache.core.counters.renewals.add(1);
        }
        self.took = Some(self.load_time());
        self.place = None;
    }

    /// Runs an async body, no longer than it may take.
    pub async fn drive<F: Future>(&mut self, body: Pin<&mut F>) -> Ended<F::Output> {
        self.start();
        let showing = self.showing();
        let ended = {
            let body = pin!(previous::drive(showing.as_ref(), body));
            let body = async {
                if self.has_old() {
                    caught(body).await.map_or_else(Ended::Panicked, Ended::Returned)
                } else {
                    Ended::Returned(body.await)
                }
            };
            let body = async {
                match self.cache.core.config.deadlines.hard {
                    Some(time) => within(&self.cache.core.clock, time, pin!(body)).await.unwrap_or(Ended::TimedOut),
                    None => body.await,
                }
            };
            let body = pin!(body);
            self.as_part(pin!(self.span.drive(body))).await
        };
        self.body_ended(showing);
        ended
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

    /// Ends loads that have ended so with the values that stand in for theirs, if there is one for each; else the leader
    /// comes back.
    pub(crate) fn stand_in(mut self: Box<Self>, end: LoadEnd) -> Result<Vec<H::Value>, Box<Self>> {
        let now = self.cache.core.clock.tick();
        let stands_in = |load: &Load<O, H>| {
            let (old, age) = load.old.as_ref()?;
            self.cache.stands_in(old, *age, now).then(|| (old.clone(), *age))
        };
        let old: Option<Vec<_>> = self.loads.iter().map(stands_in).collect();
        let Some(old) = old.filter(|old| !old.is_empty()) else { return Err(self) };
        let outward = |(old, _): &(Old<H>, Age)| self.cache.outward(old.held.clone().value());
        let Some(values) = self.within(|| old.iter().map(outward).collect::<Option<Vec<_>>>()) else {
            return Err(self);
        };
        self.tell(end);
        self.cache.core.counters.load_failures.add(1);
        self.span.end(Verdict::Stale);
        self.count_end();
        for (load, (old, age)) in self.loads.iter().zip(old) {
            self.cache.holdoffs.note(load.key.hash, now);
            self.cache.count_old(old.fresh_until, age);
            load.land_tagged(old.held, old.tagged);
        }
        Ok(values)
    }

    /// Ends a load with an error, which answers calls for a while if it lasts.
    pub(crate) fn fail_as<M, R>(self: Box<Self>, returns: &Returns<M, R>, returned: &R) {
        let error = self.within(|| (returns.share)(returned));
        let lasts = self.lasts(returns, returned);
        if let (true, Some(error), Loads::One(load)) = (lasts, &error, &self.loads) {
            self.cache.keep_error(load, error);
        }
        self.end_without(Outcome::Failed(error), if lasts { LoadEnd::Value } else { LoadEnd::Failure });
    }

    /// Whether an error is an answer that further calls get.
    pub(crate) fn lasts<M, R>(&self, returns: &Returns<M, R>, returned: &R) -> bool {
        self.cache.core.config.error_ttl.is_some() && self.within(|| (returns.lasts)(returned))
    }

    /// Ends a load without a value.
    pub(crate) fn fail(self: Box<Self>, error: Option<SharedError>) {
        self.end_without(Outcome::Failed(error), LoadEnd::Failure);
    }

    /// Ends a load that took too long: followers would wait as long again for another.
    pub(crate) fn fail_late(self: Box<Self>) {
        self.end_without(Outcome::TimedOut, LoadEnd::Failure);
    }

    fn end_without(mut self: Box<Self>, outcome: Outcome<H>, end: LoadEnd) {
        self.tell(end);
        self.cache.core.counters.load_failures.add(1);
        self.span.end(Verdict::Failed);
        self.land(outcome);
    }

    /// Ends a load with a value where memory is all there is; else the leader comes back, for [`Self::settle`].
    pub(crate) fn settle_at_once(self: Box<Self>, value: &H::Value) -> Option<Box<Self>> {
        match &self.loads {
            Loads::One(load) if self.cache.simple && !load.overwrites && !load.terms.are_particular() => {
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
        if let Some(draft) = self.cache.draft(&load.key, &terms, Some(self.load_time())) {
            let partition = load.terms.partition;
            let new = New {
                value,
                held: held.clone(),
                draft,
                load_began: load.began,
                partition,
                left_out: LeftOut::default(),
                guards: Guards::default(),
                tagged: Tagged::default(),
                tokens: None,
            };
            let born = self.cache.born(&new);
            self.cache.keep(&load.seat, &load.key, new, born);
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
        self.loads.iter().for_each(|load| self.cache.holdoffs.forget(load.key.hash));
        self.span.end(self.success);
        let held = self.within(|| {
            let all = self.loads.iter().zip(values);
            all.map(|(load, value)| value.map(|value| self.held(load, value))).collect::<Vec<_>>()
        });
        self.as_part(pin!(async { self.span.drive(pin!(self.store(shell, values, &held))).await })).await;
        self.count_end();
        for (load, held) in self.loads.iter().zip(held) {
            match held {
                Some((held, terms)) => load.land_tagged(held, terms.tags.since(load.since)),
                None => load.land(Outcome::Absent),
            }
        }
    }

    async fn store(&self, shell: Shell, values: &[Option<&H::Value>], held: &[Option<(H, Terms)>]) {
        let cache = &self.cache;
        let all = self.loads.iter().zip(values).zip(held);
        let all = all.filter_map(|((load, value), held)| Some((load, (*value)?, held.as_ref()?)));
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for (load, value, (held, terms)) in all {
            let draft = || cache.draft(&load.key, terms, Some(self.load_time()));
            match cache.kept(value).and_then(|kept| Some((kept, draft()?))) {
                Some((changed, draft)) => {
                    let tagged = terms.tags.clone().since(load.since);
                    let tokens = cache.learn_more(shell, load.tokens.clone(), &tagged).await;
                    kept.push((load, value, held, changed, draft, (tagged, tokens)));
                }
                None => refused.push(load),
            }
        }
        let placings = kept
            .iter()
            .map(|(load, value, held, changed, draft, tags)| self.placing(load, value, held, (changed, *draft, tags)));
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
        (kept, draft, tags): (&'a Kept<H::Value>, Draft, &(Tagged, Option<TokensOfTiers>)),
    ) -> (bool, Placing<'a, O, H>) {
        let held = match kept {
            Kept::AsItIs => held.clone(),
            Kept::Changed(value) => H::hold(value.clone()),
        };
        let (partition, guards) = (load.terms.partition, load.guards.clone());
        let (tagged, tokens) = tags.clone();
        let (value, load_began, left_out) = (kept.or(value), load.began, self.cache.core.left_out(&load.terms));
        let new = New { value, held, draft, load_began, partition, left_out, guards, tagged, tokens };
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
