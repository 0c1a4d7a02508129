//! Whether the body may run now, and what becomes of a call whose body may not.

use std::time::Duration;

use super::{Leader, Lookup, load::Load, stores::Sought};
use crate::{
    bridge::Shell,
    core::{Core, OnLimit},
    error::{Error, Kind},
    flight::Outcome,
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::Verdict,
    strategy::{Call, Permit, life::Terms},
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
    pub(super) fn and_others(self, items: usize) -> Self {
        Self { key: self.key.filter(|_| items == 1), items: u32::try_from(items).unwrap_or(u32::MAX), ..self }
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
        let Some(asking) = self.asking.filter(|_| !self.cache.core.strategies.is_empty()) else { return Answer::Go };
        let deadline = self.longest_wait(tells, called);
        match self.as_part(self.permit(shell, asking, deadline)).await {
            Answer::TurnedDown(refusal) => self.turned_down(refusal, tells),
            Answer::Go => {
                self.permitted = true;
                Answer::Go
            }
            answer => {
                self.span.end(Verdict::Hit);
                answer
            }
        }
    }

    async fn permit(&self, shell: Shell, asking: Asking, deadline: Tick) -> Answer<H::Value> {
        let core = &self.cache.core;
        let mut conflicts = 0;
        let mut limited = false;
        loop {
            let call = asking.call(core);
            let permit = core.strategies.ask_load(&call);
            if permit != Permit::Now && !std::mem::replace(&mut limited, true) {
                core.counters.limited.add(1);
            }
            match permit {
                Permit::Now if core.strategies.commit_load(&call) => return Answer::Go,
                Permit::Now if conflicts < MOST_CONFLICTS => conflicts += 1,
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

    /// Values that somebody else has put there while this call waited, if there is one for each load. Counts nothing.
    async fn arrived(&self, shell: Shell) -> Option<Vec<H::Value>> {
        let cache = &self.cache;
        let mut values = Vec::with_capacity(self.loads.len());
        let mut stored = Vec::new();
        for load in self.loads.iter() {
            if load.overwrites || !cache.may_read(load.key.hash) {
                return None;
            }
            let slot = cache.visible_slot(&load.key);
            stored.push(if slot.is_none() { Some((cache.stored_key(&load.key)?, load)) } else { None });
            values.push(slot.map(|slot| slot.held.value()));
        }
        let sought = stored.iter().flatten();
        let sought: Vec<_> =
            sought.map(|(key, load)| Sought { key, hash: load.key.hash, terms: &load.terms }).collect();
        let mut read = if sought.is_empty() { Vec::new() } else { cache.read_all(shell, &sought).await }.into_iter();
        for value in values.iter_mut().filter(|value| value.is_none()) {
            *value = Some(read.next()?.fresh?.value);
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
        let old =
            || self.old_values()?.into_iter().map(|old| self.cache.outward(old.value())).collect::<Option<Vec<_>>>();
        if core.config.on_limit != OnLimit::Error
            && let Some(values) = self.within(old)
        {
            core.counters.stale_hits.add(values.len() as u64);
            self.span.end(Verdict::Stale);
            return Answer::Stale(values);
        }
        if tells {
            self.span.end(Verdict::TurnedDown);
            return Answer::TurnedDown(refusal);
        }
        self.within(|| core.fault(refusal));
        Answer::Go
    }

    /// The values that a held back call returns, if there is one for each load.
    fn old_values(&self) -> Option<Vec<H>> {
        let old = |load: &Load<O, H>| {
            let old = self.cache.stale(&load.key).or_else(|| load.stale.clone())?;
            self.cache.may_read(load.key.hash).then_some(old)
        };
        if self.loads.is_empty() { None } else { self.loads.iter().map(old).collect() }
    }
}

fn refused(call: &Call<'_>) -> Error {
    Error::new(Kind::Limited, format!("{}: a strategy does not let the body run", call.cache()))
}

fn too_soon(call: &Call<'_>, wait: Duration) -> Error {
    let wait = Duration::from_millis(u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
    Error::new(Kind::Limited, format!("{}: the body may not run for another {wait:?}", call.cache()))
}
