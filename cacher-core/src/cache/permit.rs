//! Whether the body may run now, and what becomes of a call whose body may not.

use std::{pin::pin, time::Duration};

use super::{Leader, Lookup, load::Load, memory::Old, stores::Sought};
use crate::{
    bridge::{self, Shell},
    core::{Core, OnLimit},
    error::{Error, Kind},
    flight::{Crew, Outcome},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::Verdict,
    strategy::{
        Call, Permit,
        life::{Age, Terms},
    },
    sync::Arc,
    tags,
    time::Tick,
};

/// For whom strategies are asked about a load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    /// The key; `None` for several.
    key: Option<u64>,
    partition: u64,
    /// How many keys are loaded.
    items: u32,
}

impl Asking {
    pub(super) fn about<O>(key: &Key<O>, terms: &Terms) -> Self {
        Self { key: Some(key.hash), partition: terms.partition, items: 1 }
    }

    /// The same for several keys, of which this is one.
    pub(super) fn of_several(self) -> Self {
        Self { key: None, ..self }
    }

    /// The same for a body of so many items; `only` is the key, if there is but one that is stored.
    pub(super) fn for_items(self, items: usize, only: Option<u64>) -> Self {
        let key = only.or(self.key).filter(|_| items == 1);
        Self { key, items: u32::try_from(items).unwrap_or(u32::MAX), ..self }
    }

    pub(super) fn call(self, core: &Core) -> Call<'_> {
        Call { items: self.items, ..core.call(self.key, self.partition) }
    }
}

/// What becomes of a body that is to run.
pub(super) enum Answer<V> {
    /// It runs.
    Go,
    /// There are values meanwhile, one for each load.
    Arrived(Vec<V>),
    /// There are values past their time, one for each load, and it may not run.
    Stale(Vec<V>),
    TurnedDown(Error),
}

/// How long a call waits that can say that it was too long.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A strategy that says "not yet, but now" is asked again a little later, and not at once for ever.
const SHORTEST_WAIT: Duration = Duration::from_micros(1);

/// How often a strategy may take back what it permitted before it counts as a refusal.
const MOST_CONFLICTS: u32 = 10_000;

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    /// Waits until the body may run. `tells` says whether the caller can return an error of ours; `called` is when the
    /// call began, as it may have waited for others' loads since.
    pub(super) async fn permitted(mut self: Box<Self>, shell: Shell, tells: bool, called: Tick) -> Lookup<O, H, T> {
        match self.ask_permission(shell, tells, called).await {
            Answer::Go => Lookup::Miss(self),
            Answer::Arrived(values) | Answer::Stale(values) => match values.into_iter().next() {
                Some(value) => self.answered(value),
                None => Lookup::Miss(self),
            },
            Answer::TurnedDown(refusal) => {
                self.land(Outcome::Failed(None));
                Lookup::TurnedDown(refusal)
            }
        }
    }

    /// The same for loads of any number. What is turned down can be told.
    pub(super) async fn ask_permission(&mut self, shell: Shell, tells: bool, called: Tick) -> Answer<H::Value> {
        self.learn_tokens(shell).await;
        let Some(asking) = self.asking else { return Answer::Go };
        let deadline = self.longest_wait(tells, called);
        if !self.cache.core.strategies.is_empty() {
            let answer = self.as_part(pin!(self.permit(shell, asking, deadline))).await;
            match answer {
                Answer::Go => self.permitted = true,
                Answer::TurnedDown(refusal) => match self.turned_down(refusal, tells) {
                    Answer::Go => {}
                    answer => return answer,
                },
                answer => {
                    self.span.end(Verdict::Hit);
                    return answer;
                }
            }
        }
        self.find_place(shell, (asking, tells), deadline).await
    }

    /// Learns what the tags of the loads are worth in the stores, which must be before the body runs.
    async fn learn_tokens(&mut self, shell: Shell) {
        let cache = &self.cache;
        let stores = cache.core.tiers().len();
        let terms = self.loads.iter().map(|load| &load.terms);
        let tokens = if self.loads.is_empty() { None } else { cache.learn(shell, terms, stores).await };
        // What is learned may tell of tags that others invalidated before.
        let since = tags::now();
        for load in self.loads.iter_mut() {
            load.tokens.clone_from(&tokens);
            load.since = since;
        }
    }

    /// Waits until there is room for the body, if only so many may run at once. Old values are better than to wait.
    async fn find_place(&mut self, shell: Shell, (asking, tells): (Asking, bool), deadline: Tick) -> Answer<H::Value> {
        let core = Arc::clone(&self.cache.core);
        let Some(gate) = &core.gate else { return Answer::Go };
        let mut place = self.within(|| gate.enter(shell));
        if place.is_none() {
            core.counters.limited.add(1);
            if core.config.on_limit != OnLimit::Error && self.within(|| self.old_values()).is_none() {
                self.hold(deadline.min(core.clock.tick().after(LONGEST_WAIT)));
                place = self.as_part(pin!(gate.wait(shell, &core.clock, deadline))).await;
            }
        }
        if let Some(place) = place {
            self.crew.join(Crew::of(place.pilot()));
            self.place = Some(place);
            self.hold(core.clock.tick());
            return Answer::Go;
        }
        let call = asking.call(&core);
        let answer = self.turned_down(full(&call), tells);
        if !matches!(answer, Answer::Go) && std::mem::take(&mut self.permitted) {
            core.strategies.revoke_load(&call);
        }
        answer
    }

    async fn permit(&self, shell: Shell, asking: Asking, deadline: Tick) -> Answer<H::Value> {
        let core = &self.cache.core;
        let mut conflicts = 0;
        let mut limited = false;
        loop {
            let call = asking.call(core);
            let permit = match core.strategies.ask_load(&call) {
                // This process first: where it holds the call back, others need not wait for it.
                Permit::Now if core.strategies.commit_load(&call) => match self.shared_permit(shell, &call).await {
                    Permit::Now => return Answer::Go,
                    later => {
                        core.strategies.revoke_load(&call);
                        later
                    }
                },
                Permit::Now if conflicts < MOST_CONFLICTS => {
                    conflicts += 1;
                    continue;
                }
                Permit::Now => return Answer::TurnedDown(refused(&call)),
                later => later,
            };
            if !std::mem::replace(&mut limited, true) {
                core.counters.limited.add(1);
            }
            match permit {
                Permit::Now | Permit::Refuse => return Answer::TurnedDown(refused(&call)),
                Permit::After(wait) => {
                    let until = core.clock.tick().after(wait.max(SHORTEST_WAIT));
                    if until > deadline || !self.waits() {
                        return Answer::TurnedDown(too_soon(&call, wait));
                    }
                    self.hold(until);
                    core.clock.sleep_until(until).await;
                    if let Some(values) = self.arrived(shell).await {
                        return Answer::Arrived(values);
                    }
                }
            }
        }
    }

    /// Whether the rate of all processes lets the body run. Where its store can't be asked, that is counted, and the rate of
    /// this process is all there is.
    async fn shared_permit(&self, shell: Shell, call: &Call<'_>) -> Permit {
        let core = &self.cache.core;
        let Some((tier, key, rate)) = core.shared_rate(call) else { return Permit::Now };
        let place = tier.place_of_reads();
        let asking = async move { tier.ask(async |store| store.pace(key, rate).await).await };
        match core.key_or_fault(bridge::drive(shell, place, asking).await) {
            None | Some(Duration::ZERO) => Permit::Now,
            Some(wait) => Permit::After(wait),
        }
    }

    /// Values that somebody else has put there while this call waited, if there is one for each load. Counts nothing.
    async fn arrived(&self, shell: Shell) -> Option<Vec<H::Value>> {
        let cache = &self.cache;
        let mut values = Vec::with_capacity(self.loads.len());
        let mut stored = Vec::new();
        for load in self.loads.iter() {
            if load.overwrites || !cache.may_read(load.key.hash) {
                return None;
            }
            let slot = cache.visible_slot(&load.key, &load.terms);
            stored.push(if slot.is_none() { Some((cache.stored_key(&load.key)?, load)) } else { None });
            values.push(slot.map(|slot| slot.held.value()));
        }
        let sought = stored.iter().flatten();
        let sought: Vec<_> =
            sought.map(|(key, load)| Sought { key, hash: load.key.hash, terms: &load.terms }).collect();
        let mut read = if sought.is_empty() { Vec::new() } else { cache.read_all(shell, &sought).await }.into_iter();
        for value in values.iter_mut().filter(|value| value.is_none()) {
            *value = Some(read.next()?.served()?.value);
        }
        if values.is_empty() {
            return None;
        }
        values.into_iter().map(|value| cache.outward(value?)).collect()
    }

    /// Until when the call may wait.
    fn longest_wait(&self, tells: bool, called: Tick) -> Tick {
        match self.cache.core.config.max_wait {
            Some(wait) => called.after(wait),
            None if tells => called.after(LONGEST_WAIT),
            None => Tick::NEVER,
        }
    }

    fn waits(&self) -> bool {
        match self.cache.core.config.on_limit {
            OnLimit::Wait => true,
            OnLimit::Error => false,
            OnLimit::Stale => self.old_values().is_none(),
        }
    }

    /// Stale values, else an error; else the body runs after all.
    fn turned_down(&self, refusal: Error, tells: bool) -> Answer<H::Value> {
        let core = &self.cache.core;
        let outward = |(old, age): (Old<H>, Age)| Some((self.cache.outward(old.held.value())?, old.fresh_until, age));
        let old = || self.old_values()?.into_iter().map(outward).collect::<Option<Vec<_>>>();
        if core.config.on_limit != OnLimit::Error
            && let Some(values) = self.within(old)
        {
            self.span.end(Verdict::Stale);
            for (_, fresh_until, age) in &values {
                self.cache.count_old(*fresh_until, *age);
            }
            return Answer::Stale(values.into_iter().map(|(value, ..)| value).collect());
        }
        if tells {
            self.span.end(Verdict::TurnedDown);
            return Answer::TurnedDown(refusal);
        }
        self.within(|| core.fault(refusal));
        Answer::Go
    }

    /// The values that a held back call returns, if there is one for each load.
    fn old_values(&self) -> Option<Vec<(Old<H>, Age)>> {
        let now = self.cache.core.clock.tick();
        let old = |load: &Load<O, H>| {
            let (old, age) = load.old.clone().or_else(|| self.cache.old(&load.key, &load.terms))?;
            (age <= Age::Stale
                && now < old.useful_until
                && old.tagged.is_current()
                && self.cache.may_read(load.key.hash))
            .then_some((old, age))
        };
        if self.loads.is_empty() { None } else { self.loads.iter().map(old).collect() }
    }
}

fn refused(call: &Call<'_>) -> Error {
    Error::new(Kind::Limited, format!("{}: a strategy does not let the body run", call.cache()))
}

fn full(call: &Call<'_>) -> Error {
    Error::new(Kind::Limited, format!("{}: as many bodies run as may at once", call.cache()))
}

fn too_soon(call: &Call<'_>, wait: Duration) -> Error {
    let wait = Duration::from_millis(u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
    Error::new(Kind::Limited, format!("{}: the body may not run for another {wait:?}", call.cache()))
}
