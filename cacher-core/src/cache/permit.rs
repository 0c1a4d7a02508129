//! Whether the body may run now, and what becomes of a call whose body may not.

use std::{pin::pin, time::Duration};

use super::{Leader, Lookup};
use crate::{
    bridge::{self, Shell},
    core::OnLimit,
    error::{Error, Kind},
    flight::Outcome,
    memory::{held::Held, table::Table},
    observe::Verdict,
    strategy::{Call, Permit},
    sync::Arc,
    time::Tick,
};

/// For whom strategies are asked about a load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) key: u64,
    pub(super) partition: u64,
}

/// What becomes of a call that asks to run its body.
enum Answer<V> {
    /// The body runs.
    Go,
    /// There is a value meanwhile.
    Arrived(V),
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
        let Some(asking) = self.asking.filter(|_| !self.cache.core.strategies.is_empty()) else {
            return Lookup::Miss(self);
        };
        let deadline = self.longest_wait(tells, called);
        let permit = match self.flight() {
            Some(flight) => flight.drive(pin!(self.permit(shell, asking, deadline))).await,
            None => self.permit(shell, asking, deadline).await,
        };
        match permit {
            Answer::Go => {
                self.permitted = true;
                Lookup::Miss(self)
            }
            Answer::Arrived(value) => {
                self.span.end(Verdict::Hit);
                self.answered(value)
            }
            Answer::TurnedDown(refusal) => self.turned_down(refusal, tells),
        }
    }

    async fn permit(&self, shell: Shell, asking: Asking, deadline: Tick) -> Answer<H::Value> {
        let core = &self.cache.core;
        let mut conflicts = 0;
        let mut limited = false;
        loop {
            let call = core.call(Some(asking.key), asking.partition);
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
                    self.hold_back(until).await;
                    if let Some(value) = self.arrived(shell).await {
                        return Answer::Arrived(value);
                    }
                }
            }
        }
    }

    /// Whether the rate of all processes lets the body run. Where its store can't be asked, that is counted, and the rate of
    /// this process is all there is.
    async fn shared_permit(&self, shell: Shell, call: &Call<'_>) -> Permit {
        let core = &self.cache.core;
        let Some((tier, key, pace)) = core.shared_rate(call) else { return Permit::Now };
        let place = tier.place_of_reads();
        let asking = async move { tier.ask(async |store| store.pace(key, pace).await).await };
        match core.key_or_fault(bridge::drive(shell, place, asking).await) {
            None | Some(Duration::ZERO) => Permit::Now,
            Some(wait) => Permit::After(wait),
        }
    }

    /// Waits; its followers do not lose patience meanwhile.
    async fn hold_back(&self, until: Tick) {
        if let Some(flight) = self.flight() {
            flight.hold(until);
        }
        self.cache.core.clock.sleep_until(until).await;
    }

    /// A value that somebody else has put there while this call waited. Counts nothing.
    async fn arrived(&self, shell: Shell) -> Option<H::Value> {
        let cache = &self.cache;
        let load = self.load.as_ref().filter(|load| !load.overwrites && cache.may_read(load.key.hash))?;
        if let Some(slot) = cache.visible_slot(&load.key) {
            return cache.outward(slot.held.value());
        }
        let stored = cache.stored_key(&load.key)?;
        let reading = cache.read(shell, (&stored, load.key.hash), &load.terms).await;
        cache.outward(reading.fresh?.value)
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
            OnLimit::Stale => self.old_value().is_none(),
        }
    }

    /// A stale value, else an error; else the body runs after all.
    fn turned_down(self: Box<Self>, refusal: Error, tells: bool) -> Lookup<O, H, T> {
        let core = Arc::clone(&self.cache.core);
        let old = || self.cache.outward(self.old_value()?.value());
        if core.config.on_limit != OnLimit::Error
            && let Some(value) = self.within(old)
        {
            core.counters.stale_hits.add(1);
            self.span.end(Verdict::Stale);
            return self.answered(value);
        }
        if tells {
            self.span.end(Verdict::TurnedDown);
            self.land(Outcome::Failed(None));
            return Lookup::TurnedDown(refusal);
        }
        self.within(|| core.fault(refusal));
        Lookup::Miss(self)
    }

    /// The value that a held back call returns.
    fn old_value(&self) -> Option<H> {
        let load = self.load.as_ref()?;
        let old = self.cache.stale(&load.key).or_else(|| load.stale.clone())?;
        self.cache.may_read(load.key.hash).then_some(old)
    }
}

fn refused(call: &Call<'_>) -> Error {
    Error::new(Kind::Limited, format!("{}: a strategy does not let the body run", call.cache()))
}

fn too_soon(call: &Call<'_>, wait: Duration) -> Error {
    let wait = Duration::from_millis(u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
    Error::new(Kind::Limited, format!("{}: the body may not run for another {wait:?}", call.cache()))
}
