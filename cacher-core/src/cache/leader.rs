//! The one who runs the body.

use std::{
    fmt,
    pin::{Pin, pin},
    time::Duration,
};

use super::{
    Cache, Landing,
    permit::Asking,
    stores::{Got, Guards, StoredKey},
    write::{Kept, New},
};
use crate::{
    bridge::Shell,
    clock::Stopwatch,
    error::Result,
    fence::Seat,
    flight::{Flight, Outcome, SharedError},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{self, Span, Verdict},
    strategy::{LoadEnd, life::Terms},
    sync::Arc,
    time::Stamp,
};

/// The right and the duty to run the body. Dropped without an outcome, the load has failed and the next one leads.
///
/// Handed on in a box: it is large, and the future of each async call has room for it.
pub struct Leader<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    pub(super) cache: Arc<Cache<O, H, T>>,
    /// What is to be stored; `None` if nothing is.
    pub(super) load: Option<Load<O, H>>,
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

/// A load whose value is to be stored.
pub(super) struct Load<O, H> {
    pub(super) key: Key<O>,
    pub(super) seat: Seat<O, Landing<H>>,
    /// Whom others follow; `None` if nobody can.
    pub(super) flight: Option<Arc<Flight<H>>>,
    pub(super) terms: Terms,
    /// Whether the value takes the place of what is stored already.
    pub(super) overwrites: bool,
    began: Stamp,
    /// What the first store has, if that is known already.
    pub(super) first: Option<(StoredKey, Result<Option<Got>>)>,
    /// A value of a store that is past its time.
    pub(super) stale: Option<H>,
    pub(super) guards: Guards,
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
        // Only entries of stores carry it.
        let began = if cache.core.has_stores() { cache.core.load_stamp() } else { Stamp(0) };
        let asking = Asking { key: key.hash, partition: terms.partition };
        let load = Load {
            key,
            seat,
            flight,
            terms,
            overwrites: false,
            began,
            first: None,
            stale: None,
            guards: Guards::default(),
        };
        Self::with(cache, Some(load), Some(asking))
    }

    /// The same leader, whose value takes the place of what is stored already.
    pub(super) fn overwriting(mut self: Box<Self>) -> Box<Self> {
        if let Some(load) = &mut self.load {
            load.overwrites = true;
        }
        self.ending(Verdict::Refreshed)
    }

    /// One whose value is not stored.
    pub(super) fn unseated(cache: &Arc<Cache<O, H, T>>, asking: Option<Asking>) -> Box<Self> {
        Self::with(cache, None, asking).ending(Verdict::Bypassed)
    }

    fn with(cache: &Arc<Cache<O, H, T>>, load: Option<Load<O, H>>, asking: Option<Asking>) -> Box<Self> {
        let (span, success) = (Span::none(), Verdict::Loaded);
        Box::new(Self {
            cache: Arc::clone(cache),
            load,
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

    pub(super) fn flight(&self) -> Option<&Arc<Flight<H>>> {
        self.load.as_ref()?.flight.as_ref()
    }

    /// Hears from now on of what others do to the entry.
    pub(super) fn hear(&mut self, stored: &StoredKey) {
        if let Some(load) = self.load.as_mut().filter(|load| load.guards.hearing.is_none()) {
            load.guards.hearing = self.cache.hearing(stored);
        }
    }

    /// The same for a load that looks into no store first.
    fn hear_at_last(&mut self) {
        let Some(load) = self.load.as_ref().filter(|load| load.guards.hearing.is_none()) else { return };
        if self.cache.core.hears_of_others()
            && let Some(stored) = self.within(|| self.cache.stored_key(&load.key))
        {
            self.hear(&stored);
        }
    }

    fn start(&mut self) {
        self.hear_at_last();
        self.watch = Some(Stopwatch::start(&self.cache.core.clock));
        self.cache.core.counters.loads.add(1);
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
            match self.flight() {
                Some(flight) => flight.drive(body).await,
                None => body.await,
            }
        };
        self.took = Some(self.load_time());
        returned
    }

    /// Runs code of the user as part of the load: it may call the function again.
    pub(super) fn within<R>(&self, part: impl FnOnce() -> R) -> R {
        match self.flight() {
            Some(flight) => flight.run(part),
            None => part(),
        }
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
        let Some(load) = self.load.as_ref().filter(|load| self.cache.simple && !load.overwrites) else {
            return Some(self);
        };
        self.span.end(self.success);
        let held = self.within(|| self.keep(load, value));
        self.land(Outcome::Landed(held));
        None
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
    pub(crate) async fn settle(mut self: Box<Self>, shell: Shell, value: &H::Value) {
        self.tell(LoadEnd::Value);
        self.span.end(self.success);
        let Some(load) = &self.load else { return self.land(Outcome::Failed(None)) };
        let (held, terms) = self.within(|| self.held(load, value));
        self.as_part(pin!(async { self.span.drive(pin!(self.store(shell, &held, value, terms))).await })).await;
        self.land(Outcome::Landed(held));
    }

    /// What `work` gives, which is part of the load.
    pub(super) async fn as_part<F: Future>(&self, work: Pin<&mut F>) -> F::Output {
        match self.flight() {
            Some(flight) => flight.drive(work).await,
            None => work.await,
        }
    }

    async fn store(&self, shell: Shell, held: &H, value: &H::Value, terms: Terms) {
        let Some(load) = &self.load else { return };
        let cache = &self.cache;
        let draft = || cache.draft(&load.key, &terms, self.load_time());
        let Some((kept, draft)) = cache.kept(value).and_then(|kept| Some((kept, draft()?))) else {
            // What stands there is older than what is not kept.
            if load.overwrites {
                cache.invalidate(shell, &load.key).await;
            }
            return;
        };
        let held = match &kept {
            Kept::AsItIs => held.clone(),
            Kept::Changed(value) => H::hold(value.clone()),
        };
        let (partition, guards) = (load.terms.partition, load.guards.clone());
        let new = New { value: kept.or(value), held, draft, load_began: load.began, partition, guards };
        if load.overwrites {
            cache.overwrite(shell, &load.seat, &load.key, new).await;
        } else {
            cache.put(shell, &load.seat, &load.key, new).await;
        }
    }

    /// Tells the strategies once that the body has ended, or that it never ran.
    fn tell(&mut self, end: LoadEnd) {
        let permitted = std::mem::take(&mut self.permitted);
        let Some(asking) = self.asking.filter(|_| permitted) else { return };
        let core = &self.cache.core;
        let call = core.call(Some(asking.key), asking.partition);
        self.within(|| match self.watch {
            Some(_) => core.strategies.after_load(&call, end),
            None => core.strategies.revoke_load(&call),
        });
    }

    /// Ends the load for its followers. Whoever comes from now on leads anew, or finds the value.
    #[expect(clippy::boxed_local, reason = "to take it out of its box is to move it")]
    pub(super) fn land(mut self: Box<Self>, outcome: Outcome<H>) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: Outcome<H>) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if self.watch.is_some() {
            let (core, time) = (&self.cache.core, self.load_time());
            core.counters.load_nanos.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            self.span.took(time);
            observe::load_time(&core.name, time);
            core.publish();
        }
        let Some(load) = &self.load else { return };
        let Some(flight) = &load.flight else { return };
        let landed = load.seat.change(|landing| match landing {
            Some((_, current)) if Arc::ptr_eq(current, flight) => landing.take(),
            _ => None,
        });
        drop(landed);
        flight.land(outcome);
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
