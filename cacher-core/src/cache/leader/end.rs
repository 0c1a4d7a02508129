//! Ends loads without a value of the body, and tells who waits for them.

use std::time::Duration;

use super::Leader;
use crate::{
    cache::{
        load::{Load, Loads},
        memory::Old,
    },
    clock::Stopwatch,
    flight::{Outcome, SharedError},
    memory::{held::Held, table::Table},
    observe::{self, Verdict},
    returns::Returns,
    strategy::{LoadEnd, life::Age},
};
impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
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

    /// Tells the strategies once that the body has ended, or that it never ran.
    pub(super) fn tell(&mut self, end: LoadEnd) {
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
    pub(in crate::cache) fn land(mut self: Box<Self>, outcome: Outcome<H>) {
        self.end(outcome);
    }

    pub(super) fn end(&mut self, outcome: Outcome<H>) {
        if !self.over {
            self.count_end();
            match &self.loads {
                Loads::One(load) => load.land(outcome),
                Loads::Many(loads) => loads.iter().for_each(|load| load.land(outcome.clone())),
            }
        }
    }

    pub(super) fn count_end(&mut self) {
        self.over = true;
        if self.watch.is_some() {
            let (core, time) = (&self.cache.core, self.load_time());
            core.counters.load_nanos.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            self.span.took(time);
            observe::load_time(&core.name, time);
            core.publish();
        }
    }

    pub(super) fn load_time(&self) -> Duration {
        let elapsed = || self.watch.as_ref().map(Stopwatch::elapsed).unwrap_or_default();
        self.took.unwrap_or_else(elapsed)
    }
}
