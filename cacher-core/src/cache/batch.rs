//! A call for several keys: what is there is found at once, the rest is loaded by one body, or by those who load it
//! already.
//!
//! All keys that nobody loads are led first, then loaded, stored and handed out, and only then is anybody else waited
//! for. So two batches with keys in common never wait for each other.

use std::{fmt, pin::pin};

use super::{
    Asked, Cache, Landing, Leader,
    load::{Load, Loads},
    lookup::Part,
    permit::{Answer as Permission, Asking},
    stores::Sought,
};
use crate::{
    bridge::Shell,
    error::Error,
    fence::Seat,
    flight::{Crew, Flight, Followed, Outcome, Pilot, SharedError},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::{Span, Verdict},
    scope::Mode,
    strategy::life::Terms,
    sync::Arc,
    time::Tick,
};

/// A key that is wanted.
#[derive(Debug)]
pub(crate) struct Want<O> {
    pub(crate) key: Key<O>,
    pub(crate) terms: Terms,
    pub(crate) asked: Asked,
}

/// What is known of a key that is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Known<V> {
    /// Nothing so far.
    Nothing,
    /// That waiting for its load is in vain.
    Alone,
    Value(V),
    /// That there is no value.
    Absent,
}

/// A call for several keys.
pub(crate) struct Batch<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    cache: Arc<Cache<O, H, T>>,
    shell: Shell,
    called: Tick,
    span: Span,
    pilot: Arc<Pilot>,
    wants: Vec<Want<O>>,
    known: Vec<Known<H::Value>>,
    /// The loads of others that are waited for, by the place of the key.
    following: Vec<(usize, Arc<Flight<H>>)>,
    /// When patience with them ends.
    deadline: Option<Tick>,
}

/// Loads that one body is to be run for, and which of the wanted keys they are of: none if it is another call's.
pub(crate) struct Lead<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    leader: Box<Leader<O, H, T>>,
    wants: Vec<Option<usize>>,
}

/// Whether the body may run for the loads of a lead.
pub(crate) enum Ruling<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> {
    /// It may.
    Run(Lead<O, H, T>),
    /// There are values, by the place of the key.
    Found(Vec<(usize, H::Value)>),
    TurnedDown(Error),
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Batch<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> fmt::Debug for Lead<O, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("leader", &self.leader).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Batch<O, H, T> {
    /// A call for keys that memory does not have.
    pub(crate) fn new(cache: &Arc<Cache<O, H, T>>, shell: Shell, mut wants: Vec<Want<O>>) -> Self {
        for want in &mut wants {
            want.terms = want.terms.ruled(cache.core.ruling.ttl());
        }
        Self {
            cache: Arc::clone(cache),
            shell,
            called: cache.core.clock.tick(),
            span: Span::of(&cache.core.name),
            pilot: Arc::new(Pilot::new(shell)),
            known: wants.iter().map(|_| Known::Nothing).collect(),
            wants,
            following: Vec::new(),
            deadline: None,
        }
    }

    /// What is known of each wanted key.
    pub(crate) fn known(&self) -> &[Known<H::Value>] {
        &self.known
    }

    /// Notes what became of keys.
    pub(crate) fn learn(&mut self, news: impl IntoIterator<Item = (usize, Known<H::Value>)>) {
        news.into_iter().for_each(|(at, known)| self.known[at] = known);
    }

    /// The keys that nothing is known of, by their places.
    fn open(&self) -> Vec<usize> {
        let open = |known: &Known<_>| matches!(known, Known::Nothing | Known::Alone);
        (0..self.known.len()).filter(|at| open(&self.known[*at])).collect()
    }

    /// Looks further than memory, as the scope lets it. What is neither found nor loaded by others is to be loaded:
    /// nothing if nothing is.
    pub(crate) async fn look(&mut self, mode: Mode) -> Option<Lead<O, H, T>> {
        let span = self.span.clone();
        span.drive(pin!(self.look_on(mode))).await
    }

    async fn look_on(&mut self, mode: Mode) -> Option<Lead<O, H, T>> {
        let open = self.open();
        if open.is_empty() {
            return None;
        }
        match mode {
            _ if self.cache.core.off => Some(self.unseated(&open)),
            Mode::Normal => self.lead_or_follow(open).await,
            Mode::Refresh => Some(self.reload(open)),
            Mode::Bypass => Some(self.unseated(&open)),
            Mode::ReadOnly | Mode::OnlyIfCached => {
                self.read_only(&open).await;
                let open = self.open();
                self.cache.core.counters.misses.add(open.len() as u64);
                (!open.is_empty()).then(|| self.unseated(&open))
            }
        }
    }

    async fn lead_or_follow(&mut self, open: Vec<usize>) -> Option<Lead<O, H, T>> {
        let (mut loads, mut wants, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for at in open {
            let (seat, flight) = match self.take_part(at) {
                (_, Part::Follow(flight)) => {
                    self.following.push((at, flight));
                    continue;
                }
                (seat, Part::Lead(flight)) => (seat, flight),
            };
            let Want { key, terms, asked } = &self.wants[at];
            let load = Load::new(&self.cache, key.clone(), seat, flight, *terms);
            if *asked == Asked::Refused {
                unread.push((Some(at), load));
            } else {
                wants.push(Some(at));
                loads.push(load);
            }
        }
        let mut leader = Leader::of(&self.cache, loads, Crew::of(&self.pilot), None).in_span(&self.span);
        let values = leader.look_for_all(self.shell).await;
        let lead = self.keep_missing(leader, wants, values);
        let lead = lead.and_those(unread);
        self.cache.core.counters.misses.add(lead.wants.len() as u64);
        lead.if_any(self.asking())
    }

    /// Leads the load of a key, or follows another's; alone where that was in vain.
    fn take_part(&mut self, at: usize) -> (Seat<O, Landing<H>>, Part<Option<Arc<Flight<H>>>, H>) {
        let (cache, key) = (&self.cache, &self.wants[at].key);
        if matches!(self.known[at], Known::Alone) {
            cache.core.counters.lone_loads.add(1);
            let (seat, ()) = cache.fence.enter(key, |_, _| ());
            return (seat, Part::Lead(None));
        }
        let pilot = &self.pilot;
        let (seat, part) = cache.take_part(key, || Flight::of(pilot));
        let shared = cache.core.config.single_flight;
        (seat, part.map_lead(|flight| shared.then_some(flight)))
    }

    /// Hands out what was found, and keeps what was not.
    fn keep_missing(
        &mut self,
        mut leader: Box<Leader<O, H, T>>,
        wants: Vec<Option<usize>>,
        values: Vec<Option<H::Value>>,
    ) -> Lead<O, H, T> {
        let loads = std::mem::replace(&mut leader.loads, Loads::none()).into_vec();
        let (mut kept, mut missing) = (Vec::new(), Vec::new());
        for ((load, want), value) in loads.into_iter().zip(wants).zip(values) {
            match value {
                None => {
                    kept.push(load);
                    missing.push(want);
                }
                Some(value) => {
                    let held = H::hold(value);
                    load.land(Outcome::Landed(held.clone()));
                    self.learn(want.map(|at| (at, Known::Value(held.into_value()))));
                }
            }
        }
        leader.loads = Loads::Many(kept);
        Lead { leader, wants: missing }
    }

    /// Loads of its own, whatever is cached or under way. Others follow them if they find nothing.
    fn reload(&mut self, open: Vec<usize>) -> Lead<O, H, T> {
        let loads = open.iter().map(|at| {
            let Want { key, terms, .. } = &self.wants[*at];
            let (seat, flight) = self.cache.enter_anew(key, || Flight::of(&self.pilot));
            Load::new(&self.cache, key.clone(), seat, Some(flight), *terms)
        });
        let leader = Leader::of(&self.cache, loads.collect(), Crew::of(&self.pilot), self.asking());
        Lead { leader: leader.in_span(&self.span).overwriting(), wants: open.into_iter().map(Some).collect() }
            .asking_for_all()
    }

    /// Loads whose values are not stored.
    fn unseated(&self, open: &[usize]) -> Lead<O, H, T> {
        let leader = Leader::unseated(&self.cache, self.asking()).in_span(&self.span);
        Lead { leader, wants: open.iter().copied().map(Some).collect() }.asking_for_all()
    }

    /// From the stores; nothing is written.
    async fn read_only(&mut self, open: &[usize]) {
        let readable = open.iter().copied().filter(|at| self.wants[*at].asked != Asked::Refused);
        let stored = readable.filter_map(|at| Some((at, self.cache.stored_key(&self.wants[at].key)?)));
        let stored: Vec<_> = stored.collect();
        let sought = stored.iter().map(|(at, key)| {
            let Want { key: Key { hash, .. }, terms, .. } = &self.wants[*at];
            Sought { key, hash: *hash, terms }
        });
        let readings = self.cache.read_all(self.shell, &sought.collect::<Vec<_>>()).await;
        let found = stored.iter().zip(readings).filter_map(|((at, _), reading)| {
            let value = self.cache.served(self.wants[*at].key.hash, reading.fresh?, &self.span)?;
            Some((*at, Known::Value(value)))
        });
        let found: Vec<_> = found.collect();
        self.learn(found);
    }

    /// For whom strategies are asked: the first key stands for all.
    fn asking(&self) -> Option<Asking> {
        self.wants.first().map(|want| Asking::about(&want.key, &want.terms))
    }

    /// Waits for the loads of others. An error is that of one of them.
    pub(crate) async fn follow(&mut self, takes: impl Fn(&SharedError) -> bool) -> Result<(), SharedError> {
        let following = std::mem::take(&mut self.following);
        if !following.is_empty() {
            self.cache.core.counters.waits.add(1);
        }
        for (at, flight) in following {
            match self.cache.follow(self.shell, &flight, &mut self.deadline).await {
                Followed::Landed(held) => self.follow_to(at, Known::Value(held.value())),
                Followed::Absent => self.follow_to(at, Known::Absent),
                Followed::Failed(error) if takes(&error) => {
                    self.cache.core.counters.misses.add(1);
                    self.span.end(Verdict::Failed);
                    return Err(error);
                }
                Followed::Again => {}
                Followed::Alone | Followed::Failed(_) => self.known[at] = Known::Alone,
            }
        }
        Ok(())
    }

    fn follow_to(&mut self, at: usize, known: Known<H::Value>) {
        self.cache.core.counters.misses.add(1);
        self.span.end(Verdict::Waited);
        self.known[at] = known;
    }

    /// Waits for these loads too.
    pub(crate) fn wait_for(&mut self, flights: Vec<(usize, Arc<Flight<H>>)>) {
        self.following.extend(flights);
    }

    /// What runs a body whose values are not stored.
    pub(crate) fn bypass(&mut self) -> Lead<O, H, T> {
        self.unseated(&[])
    }

    pub(crate) fn cache(&self) -> Arc<Cache<O, H, T>> {
        Arc::clone(&self.cache)
    }

    /// When the call began.
    pub(crate) fn called(&self) -> Tick {
        self.called
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Lead<O, H, T> {
    /// The wanted keys, by their places; none where another call's are loaded.
    pub(crate) fn wants(&self) -> &[Option<usize>] {
        &self.wants
    }

    fn and_those(mut self, more: Vec<(Option<usize>, Load<O, H>)>) -> Self {
        let mut loads = std::mem::replace(&mut self.leader.loads, Loads::none()).into_vec();
        for (want, load) in more {
            self.wants.push(want);
            loads.push(load);
        }
        self.leader.loads = Loads::Many(loads);
        self
    }

    fn if_any(mut self, asking: Option<Asking>) -> Option<Self> {
        if self.wants.is_empty() {
            self.leader.land(Outcome::Absent);
            return None;
        }
        self.leader.asking = asking;
        Some(self.asking_for_all())
    }

    fn asking_for_all(mut self) -> Self {
        let count = self.wants.len();
        self.leader.asking = self.leader.asking.map(|asking| asking.and_others(count));
        self
    }

    /// The same loads, so many at most for one body.
    pub(crate) fn split(self, most: usize) -> Vec<Self> {
        if self.wants.len() <= most {
            return vec![self];
        }
        let Self { mut leader, mut wants } = self;
        let mut loads = std::mem::replace(&mut leader.loads, Loads::none()).into_vec();
        let seated = !loads.is_empty();
        let mut parts = Vec::with_capacity(wants.len().div_ceil(most));
        while !wants.is_empty() {
            let rest = wants.split_off(most.min(wants.len()));
            let later = if seated { loads.split_off(most.min(loads.len())) } else { Vec::new() };
            let leader = leader.like(std::mem::replace(&mut loads, later));
            parts.push(Self { leader, wants: std::mem::replace(&mut wants, rest) }.asking_for_all());
        }
        leader.land(Outcome::Absent);
        parts
    }

    /// The same loads, and those of another call.
    pub(crate) fn join(mut self, other: Self) -> Self {
        let Self { mut leader, wants } = other;
        let loads = std::mem::replace(&mut leader.loads, Loads::none()).into_vec();
        self.leader.crew.join(std::mem::take(&mut leader.crew));
        leader.land(Outcome::Absent);
        self.and_those(wants.into_iter().map(|_| None).zip(loads).collect()).asking_for_all()
    }

    /// Those who wait for these loads, by the places of their keys: for a call whose loads another one carries out.
    pub(crate) fn flights(&self) -> Vec<(usize, Arc<Flight<H>>)> {
        let all = self.wants.iter().zip(self.leader.loads.iter());
        all.filter_map(|(want, load)| Some(((*want)?, Arc::clone(load.flight.as_ref()?)))).collect()
    }

    /// Waits until the body may run.
    pub(crate) async fn permitted(mut self, shell: Shell, tells: bool, called: Tick) -> Ruling<O, H, T> {
        match self.leader.ask_permission(shell, tells, called).await {
            Permission::Go => Ruling::Run(self),
            Permission::TurnedDown(refusal) => {
                self.leader.land(Outcome::Failed(None));
                Ruling::TurnedDown(refusal)
            }
            Permission::Arrived(values) | Permission::Stale(values) => {
                let Self { leader, wants } = self;
                for (load, value) in leader.loads.iter().zip(&values) {
                    load.land(Outcome::Landed(H::hold(value.clone())));
                }
                leader.land(Outcome::Absent);
                let found = wants.into_iter().zip(values).filter_map(|(want, value)| Some((want?, value)));
                Ruling::Found(found.collect())
            }
        }
    }

    /// Runs the body.
    pub(crate) async fn drive<F: Future>(&mut self, body: F) -> F::Output {
        self.leader.cache.core.counters.items.add(self.wants.len() as u64);
        self.leader.drive(pin!(body)).await
    }

    /// Ends the loads with their values, or with none where the body has none. Gives them by the places of the keys.
    pub(crate) async fn settle(self, shell: Shell, values: Vec<Option<H::Value>>) -> Vec<(usize, Known<H::Value>)> {
        let Self { leader, wants } = self;
        leader.settle_all(shell, &values.iter().map(Option::as_ref).collect::<Vec<_>>()).await;
        let known = wants.into_iter().zip(values).filter_map(|(want, value)| {
            let known = value.map_or(Known::Absent, Known::Value);
            Some((want?, known))
        });
        known.collect()
    }

    /// Ends the loads without values.
    pub(crate) fn fail(self, share: impl FnOnce() -> Option<SharedError>) {
        self.leader.fail(share);
    }
}
