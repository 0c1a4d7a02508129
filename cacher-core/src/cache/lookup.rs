//! A call: from memory, from another's load, from a store, or a load of its own.

use std::pin::pin;

use super::{
    Cache, Keyed, Landing, Leader,
    stores::{Found, StoredKey},
};
use crate::{
    bridge::Shell,
    clock::Stopwatch,
    fence::{Began, Seat},
    flight::{Flight, Followed, Outcome, SharedError},
    key::parts::{Key, Parts, Query},
    memory::{held::Held, table::Table},
    observe::{self, Span, Verdict},
    scope::Mode,
    strategy::life::Terms,
    sync::Arc,
    time::Tick,
};

/// The answer to a call.
#[derive(Debug)]
pub enum Lookup<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    /// A value.
    Hit(H::Value),
    /// The error of the load that the call waited for.
    Failed(SharedError),
    /// Nothing, and the scope forbids to load.
    Absent,
    /// Nothing: the caller is to run the body.
    Miss(Leader<O, H, T>),
}

/// The part that a caller has in a load.
enum Part<H> {
    Lead(Arc<Flight<H>>),
    Follow(Arc<Flight<H>>),
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Looks in memory.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what every hit runs")]
    pub(crate) fn first<P: Parts<Owned = O>>(&self, mode: Mode, parts: &P) -> Option<H::Value> {
        if matches!(mode, Mode::Bypass | Mode::Refresh) { None } else { self.hit(&Query::of(parts)) }
    }

    /// What it takes to look further: the cache and the key, kept.
    pub(crate) fn second<P: Parts<Owned = O>>(self: &Arc<Self>, parts: &P) -> (Arc<Self>, Key<O>) {
        let hash = Query::of(parts).hash;
        (Arc::clone(self), Key { hash, parts: parts.own() })
    }

    /// The name of the function.
    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.core.name)
    }

    /// The key of a call, to look at or change what is cached for it.
    pub(crate) fn keyed<P: Parts<Owned = O>>(self: &Arc<Self>, parts: &P, terms: Terms) -> Keyed<O, H, T> {
        let (cache, key) = self.second(parts);
        Keyed::new(cache, key, terms.ruled(self.core.ruling.ttl()))
    }

    /// Looks further than memory. `takes` says whether the caller can return an error of another's load.
    pub(crate) async fn go_on(
        self: &Arc<Self>,
        shell: Shell,
        mode: Mode,
        key: Key<O>,
        terms: Terms,
        takes: impl Fn(&SharedError) -> bool,
    ) -> Lookup<O, H, T> {
        let span = Span::of(&self.core.name);
        let terms = terms.ruled(self.core.ruling.ttl());
        let answer = span.drive(pin!(self.answer(shell, mode, key, terms, takes, &span))).await;
        match answer {
            Lookup::Miss(leader) => Lookup::Miss(leader.in_span(&span)),
            answer => {
                self.core.publish();
                answer
            }
        }
    }

    async fn answer(
        self: &Arc<Self>,
        shell: Shell,
        mode: Mode,
        key: Key<O>,
        terms: Terms,
        takes: impl Fn(&SharedError) -> bool,
        span: &Span,
    ) -> Lookup<O, H, T> {
        match mode {
            Mode::OnlyIfCached if self.core.off => Self::absent(span),
            _ if self.core.off => Lookup::Miss(Leader::unseated(self)),
            Mode::Normal => self.load(shell, key, terms, takes, span).await,
            Mode::Refresh => Lookup::Miss(self.reload(shell, key, terms)),
            Mode::Bypass => Lookup::Miss(Leader::unseated(self)),
            Mode::ReadOnly | Mode::OnlyIfCached => match self.read_only(shell, &key, &terms, span).await {
                Some(value) => Lookup::Hit(value),
                None if mode == Mode::ReadOnly => Lookup::Miss(Leader::unseated(self)),
                None => Self::absent(span),
            },
        }
    }

    fn absent(span: &Span) -> Lookup<O, H, T> {
        span.end(Verdict::Absent);
        Lookup::Absent
    }

    /// From a store; nothing is written.
    async fn read_only(&self, shell: Shell, key: &Key<O>, terms: &Terms, span: &Span) -> Option<H::Value> {
        let found = match self.stored_key(key) {
            Some(stored) => self.read(shell, &stored, terms).await,
            None => None,
        };
        if let Some(found) = &found {
            self.show(found, span);
            self.core.counters.hits.add_one();
        } else {
            self.core.counters.misses.add(1);
        }
        found.map(|found| found.value)
    }

    /// Shows what a store had.
    fn show(&self, found: &Found<H::Value>, span: &Span) {
        let age = self.core.clock.stamp().since(found.times.created);
        observe::hit_age(&self.core.name, age);
        span.found(|| self.core.tiers()[found.tier].describe().unwrap_or_default(), age);
        span.end(Verdict::Hit);
    }

    /// A load of its own, whatever is cached or under way. Others follow it if they find nothing.
    fn reload(self: &Arc<Self>, shell: Shell, key: Key<O>, terms: Terms) -> Leader<O, H, T> {
        let (seat, (flight, earlier)) = self.fence.enter(&key, |landing, beginning| {
            let flight = Flight::new(shell);
            let earlier = landing.replace((beginning.began, Arc::clone(&flight)));
            (flight, earlier)
        });
        drop(earlier);
        Leader::new(self, key, seat, Some(flight), terms).overwriting()
    }

    async fn load(
        self: &Arc<Self>,
        shell: Shell,
        key: Key<O>,
        terms: Terms,
        takes: impl Fn(&SharedError) -> bool,
        span: &Span,
    ) -> Lookup<O, H, T> {
        let mut waited = false;
        let mut deadline = None;
        loop {
            let (seat, part) = self.take_part(shell, &key);
            let flight = match part {
                Part::Lead(flight) => flight,
                Part::Follow(flight) => {
                    drop(seat);
                    if !std::mem::replace(&mut waited, true) {
                        self.core.counters.waits.add(1);
                    }
                    match self.follow(shell, &flight, &mut deadline).await {
                        Followed::Landed(held) => {
                            self.core.counters.misses.add(1);
                            span.end(Verdict::Waited);
                            return Lookup::Hit(held.value());
                        }
                        Followed::Failed(error) if takes(&error) => {
                            self.core.counters.misses.add(1);
                            span.end(Verdict::Failed);
                            return Lookup::Failed(error);
                        }
                        Followed::Again => continue,
                        Followed::Alone | Followed::Failed(_) => return Lookup::Miss(self.load_alone(key, terms)),
                    }
                }
            };
            let leader = Leader::new(self, key, seat, self.core.config.single_flight.then_some(flight), terms);
            return leader.in_span(span).look_in_stores(shell).await;
        }
    }

    /// Leads the load of a key, or follows the one that is in flight since nothing was invalidated or put there.
    fn take_part(&self, shell: Shell, key: &Key<O>) -> (Seat<O, Landing<H>>, Part<H>) {
        if !self.core.config.single_flight {
            let (seat, ()) = self.fence.enter(key, |_, _| ());
            return (seat, Part::Lead(Flight::new(shell)));
        }
        let (seat, (part, earlier)) = self.fence.enter(key, |landing, beginning| match landing {
            Some((began, flight)) if beginning.may_share(*began) => (Part::Follow(Arc::clone(flight)), None),
            _ => Self::lead(shell, landing, beginning.began),
        });
        drop(earlier);
        (seat, part)
    }

    /// A flight that has been overtaken comes back, to be dropped where no lock is held.
    fn lead(shell: Shell, landing: &mut Landing<H>, began: Began) -> (Part<H>, Landing<H>) {
        let flight = Flight::new(shell);
        let earlier = landing.replace((began, Arc::clone(&flight)));
        (Part::Lead(flight), earlier)
    }

    /// Waits for another's load; for several in turn no longer than for one.
    async fn follow(&self, shell: Shell, flight: &Flight<H>, deadline: &mut Option<Tick>) -> Followed<H> {
        let clock = &self.core.clock;
        let deadline = || *deadline.get_or_insert_with(|| clock.tick().after(self.core.patience));
        let watch = Stopwatch::start(clock);
        let followed = flight.follow(shell, clock, deadline).await;
        observe::wait_time(&self.core.name, watch.elapsed());
        followed
    }

    fn load_alone(self: &Arc<Self>, key: Key<O>, terms: Terms) -> Leader<O, H, T> {
        self.core.counters.lone_loads.add(1);
        self.core.counters.misses.add(1);
        let (seat, ()) = self.fence.enter(&key, |_, _| ());
        Leader::new(self, key, seat, None, terms).ending(Verdict::Lone)
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    /// Another load may have landed since memory was asked; a store may have the value; else the body must run.
    async fn look_in_stores(self, shell: Shell) -> Lookup<O, H, T> {
        let Some(load) = &self.load else { return Lookup::Miss(self) };
        let cache = &self.cache;
        let found = self.within(|| cache.hit(&load.key).map(|value| (H::hold(value.clone()), value)));
        if let Some((held, value)) = found {
            self.span.end(Verdict::Hit);
            self.land(Outcome::Landed(held));
            return Lookup::Hit(value);
        }
        if let Some(stored) = cache.stored_key(&load.key) {
            let found = match &load.flight {
                Some(flight) => flight.drive(pin!(self.read_and_fill(shell, &stored))).await,
                None => self.read_and_fill(shell, &stored).await,
            };
            if let Some(held) = found {
                cache.core.counters.hits.add_one();
                let value = self.within(|| held.clone().value());
                self.land(Outcome::Landed(held));
                return Lookup::Hit(value);
            }
        }
        cache.core.counters.misses.add(1);
        Lookup::Miss(self)
    }

    async fn read_and_fill(&self, shell: Shell, stored: &StoredKey) -> Option<H> {
        let load = self.load.as_ref()?;
        let cache = &self.cache;
        let found = cache.read(shell, stored, &load.terms).await?;
        cache.show(&found, &self.span);
        cache.back_fill(shell, &load.seat, (stored, &load.key), &found, &load.terms).await;
        let held = H::hold(found.value.clone());
        cache.publish(&load.seat, &load.key, cache.arrival(&found, held.clone()));
        Some(held)
    }
}
