//! What there is by now for who leads: in memory, and in stores.

use std::pin::pin;

use super::Leader;
use crate::{
    bridge::Shell,
    cache::{
        Asked, Lookup,
        load::Load,
        ship::Finding,
        stores::{Reading, Sought, StoredKey},
    },
    flight::{Outcome, SharedError},
    key::parts::Key,
    memory::{held::Held, table::Table},
    observe::Verdict,
    strategy::life::{self, Age},
    time::Tick,
};
impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Leader<O, H, T> {
    /// Another load may have landed since memory was asked; a store may have the value; else the body must run.
    pub(in crate::cache) async fn look_in_stores(mut self: Box<Self>, shell: Shell, asked: Asked) -> Lookup<O, H, T> {
        if asked != Asked::Refused
            && let Some(value) = self.look_again(shell).await
        {
            return self.answered(value);
        }
        let now = self.cache.clock.tick();
        let spent = self.loads.first().filter(|load| !load.is_live(now));
        if let Some(error) = spent.and_then(|load| self.cache.lasting_error(&load.key, &load.terms)) {
            return self.failed_before(error);
        }
        if self.has_leases()
            && let Some(value) = Box::pin(self.take_lease(shell)).await
        {
            return self.answered(value);
        }
        if self.loads.iter().all(|load| load.due().is_none()) {
            self.cache.core.counters.misses.add(1);
        }
        Lookup::Miss(self)
    }

    /// Whether the load takes turns with those of other processes.
    fn has_leases(&self) -> bool {
        let core = &self.cache.core;
        let last = core.tiers().len().saturating_sub(1);
        core.config.distributed && self.loads.first().is_none_or(|load| !core.left_out(&load.terms).has(last))
    }

    /// The same where memory is all there is.
    pub(in crate::cache) fn look_in_memory(self: Box<Self>) -> Lookup<O, H, T> {
        if let Some(value) = self.loads.first().and_then(|load| self.hit_again(load)) {
            return self.answered(value);
        }
        self.cache.core.counters.misses.add(1);
        Lookup::Miss(self)
    }

    /// Ends with a value that was found.
    pub(in crate::cache) fn answered(self: Box<Self>, value: H::Value) -> Lookup<O, H, T> {
        if self.cache.core.has_tags() {
            // Followers look for themselves: a tag may be invalidated before they come.
            self.land(Outcome::Failed(None));
            return Lookup::Hit(value);
        }
        let held = H::hold(value);
        self.land(Outcome::Landed(held.clone()));
        // Cloned for followers only.
        Lookup::Hit(held.into_value())
    }

    /// Ends with the error of an earlier load.
    fn failed_before(self: Box<Self>, error: SharedError) -> Lookup<O, H, T> {
        self.cache.core.counters.error_hits.add(1);
        self.span.end(Verdict::Failed);
        self.land(Outcome::Failed(Some(SharedError::clone(&error))));
        Lookup::Failed(error)
    }

    fn hit_again(&self, load: &Load<O, H>) -> Option<H::Value> {
        let value = self.within(|| self.cache.hit_again(&load.key, &load.terms));
        if value.is_some() {
            self.span.end(Verdict::Hit);
            if self.cache.may_expire(&load.key) {
                // Who follows looks itself: memory is near.
                load.found_until(Tick(0));
            }
        }
        value
    }

    /// What is there by now for the only load.
    pub(in crate::cache) async fn look_again(&mut self, shell: Shell) -> Option<H::Value> {
        self.look_for_all(shell).await.pop().flatten()
    }

    /// What is there by now, for each load. What is due to be loaded anew is offered to who comes meanwhile.
    pub(in crate::cache) async fn look_for_all(&mut self, shell: Shell) -> Vec<Option<H::Value>> {
        let mut values: Vec<_> = self.loads.iter().map(|load| self.hit_again(load)).collect();
        if self.cache.keeps_old() {
            for at in missing(&values) {
                let old = self.within(|| self.cache.old(&self.loads[at].key, &self.loads[at].terms));
                self.loads[at].note_old(old);
            }
        }
        if self.cache.core.has_stores() {
            self.look_in_stores_for(shell, &mut values).await;
        }
        for at in missing(&values) {
            values[at] = self.held_back(&self.loads[at]);
        }
        for at in missing(&values) {
            let load = &self.loads[at];
            if let Some(old) = load.due() {
                load.offer(old, Tick(0), self.cache.core.config.life.answers_until(old.fresh_until));
            }
        }
        values
    }

    /// The same in the stores, for those that memory does not have.
    async fn look_in_stores_for(&mut self, shell: Shell, values: &mut [Option<H::Value>]) {
        let named = |at: usize| self.within(|| self.cache.stored_key(&self.loads[at].key)).map(|key| (at, key));
        let stored: Vec<_> = missing(values).into_iter().filter_map(named).collect();
        // Before the stores are read, so that no change is missed.
        for (at, key) in &stored {
            self.loads[*at].hear(&self.cache, key);
        }
        let readings = self.as_part(pin!(self.read_and_fill(shell, &stored))).await;
        for ((at, _), Reading { fresh, due, stale }) in stored.into_iter().zip(readings) {
            let hash = self.loads[at].key.hash;
            let until = fresh.as_ref().map_or(Tick::NEVER, |found| life::until(found.since, found.left));
            values[at] = fresh.and_then(|found| self.within(|| self.cache.served(hash, found, &self.span)));
            if values[at].is_some() {
                self.loads[at].found_until(until);
            }
            self.loads[at].note_old(due.map(|found| (self.cache.old_of(found), Age::Due)));
            self.loads[at].note_old(stale.map(|(age, found)| (self.cache.old_of(found), age)));
        }
    }

    /// A value that answers the call because its load has failed a moment ago, or because it is fresh after all.
    fn held_back(&self, load: &Load<O, H>) -> Option<H::Value> {
        let (old, age) = load.old.as_ref()?;
        let now = self.cache.clock.tick();
        let pauses = || self.cache.holdoffs.holds(load.key.hash, now) && self.cache.stands_in(old, *age, now);
        if (*age != Age::Fresh && !pauses()) || !old.tagged.is_current() {
            return None;
        }
        let value = self.within(|| self.cache.outward(old.held.clone().value()))?;
        self.cache.count_old(old.fresh_until, *age);
        self.span.end(if now < old.fresh_until { Verdict::Hit } else { Verdict::Stale });
        Some(value)
    }

    async fn read_and_fill(&self, shell: Shell, stored: &[(usize, StoredKey)]) -> Vec<Reading<H::Value>> {
        let (cache, loads) = (&self.cache, &self.loads);
        let sought = stored.iter().map(|(at, key)| {
            let Load { key: Key { hash, .. }, terms, .. } = &loads[*at];
            Sought { key, hash: *hash, terms }
        });
        let readings = cache.read_all(shell, &sought.collect::<Vec<_>>()).await;
        let found = stored.iter().zip(&readings).filter_map(|((at, key), reading)| {
            let (load, found) = (&loads[*at], reading.fresh.as_ref()?);
            Some(Finding { seat: &load.seat, key: (key, &load.key), found, terms: &load.terms })
        });
        let found: Vec<_> = found.collect();
        cache.back_fill(shell, &found).await;
        if cache.table.is_some() {
            for Finding { seat, key: (_, key), found, terms } in &found {
                cache.publish(seat, key, cache.arrival(found, H::hold(found.value.clone()), terms));
            }
        }
        drop(found);
        readings
    }
}

/// The places of what is not there.
fn missing<V>(values: &[Option<V>]) -> Vec<usize> {
    (0..values.len()).filter(|at| values[*at].is_none()).collect()
}
