//! The part of a cache that is in memory.

use std::{future::Future, pin::Pin, time::Duration};

use super::{Cache, Landing};
use crate::{
    core::{Member, on_worker_at},
    fence::Seat,
    key::parts::{ByHash, Key},
    memory::{
        held::Held,
        slot::{Facts, Idle, Slot},
        table::Table,
    },
    strategy::life,
    sync::{Arc, Weak, lock},
    time::{Stamp, Tick},
};

/// A value on its way into memory.
pub(super) struct Arrival<H> {
    pub(super) held: H,
    pub(super) lifetime: Duration,
    pub(super) weight: u64,
    pub(super) created: Stamp,
    pub(super) load_time: Duration,
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// The value, if it is in memory and fresh. No lock is held when it is cloned.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what every hit runs")]
    pub(super) fn hit<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q) -> Option<H::Value> {
        // Judged where it lies, because to move it costs more than to judge it.
        let found = self.table.as_ref()?.get(query);
        if !self.is_fresh(query, found.as_ref()?) {
            return None;
        }
        self.core.counters.hits.add_one();
        #[expect(clippy::question_mark, reason = "`?` moves the whole slot")]
        let Some(Slot { held, .. }) = found else { return None };
        Some(held.value())
    }

    #[inline]
    fn is_fresh<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q, slot: &Slot<H>) -> bool {
        if slot.generation() != self.generation.current() {
            return false;
        }
        if slot.mortal() {
            let now = self.clock.tick();
            if !slot.ask(now) {
                self.expire(query, now);
                return false;
            }
        }
        true
    }

    /// The slot, if it is in memory and fresh. Counts nothing.
    pub(super) fn slot(&self, key: &Key<O>) -> Option<Slot<H>> {
        let slot = self.table.as_ref()?.get(key)?;
        let current = slot.generation() == self.generation.current();
        (current && !slot.expired(self.core.clock.tick())).then_some(slot)
    }

    /// What is known about the value in memory.
    pub(super) fn facts(&self, key: &Key<O>) -> Option<Arc<Facts>> {
        let mut facts = None;
        // A table shows a slot in full only to those who may remove it.
        self.table.as_ref()?.remove(key, |slot| {
            facts = slot.facts().cloned();
            false
        });
        facts
    }

    /// Removes what was found to be past its time, unless it has been replaced meanwhile.
    #[cold]
    #[inline(never)]
    fn expire<Q: std::hash::Hash + equivalent::Equivalent<Key<O>>>(&self, query: &Q, now: Tick) {
        let gone = self.table.as_ref().and_then(|table| table.remove(query, |slot| slot.expired(now)));
        if let Some((_, slot)) = &gone {
            self.core.counters.expirations.add(1);
            self.count_local(slot.generation(), -1, slot.weight());
        }
    }

    /// Puts a value in memory, unless something has invalidated it.
    pub(super) fn publish(&self, seat: &Seat<O, Landing<H>>, key: &Key<O>, arrival: Arrival<H>) {
        let Some(table) = &self.table else { return };
        let hash = key.hash;
        let key = key.clone();
        let slot = self.slot_of(arrival, seat.token().generation);
        if slot.weight() > table.heaviest() {
            self.core.counters.refusals.add(1);
            // What stands there is older than what was refused.
            drop(seat.publish(|| table.remove(&key, |_| true)));
            return;
        }
        let (deadline, generation, weight) = (slot.deadline(), slot.generation(), slot.weight());
        let Some(dropped) = seat.publish(|| table.insert(key, slot)) else { return };
        self.core.counters.evictions.add(dropped.evicted(hash));
        self.count_local(generation, 1, weight);
        dropped.each(|slot| self.count_local(slot.generation(), -1, slot.weight()));
        if let Some(when) = self.expiries.note(deadline, hash) {
            self.sweep_at(when);
        }
        if self.is_local() {
            self.sweep_due();
        }
    }

    fn slot_of(&self, arrival: Arrival<H>, generation: u64) -> Slot<H> {
        let now = self.clock.tick();
        let facts = Facts {
            weight: arrival.weight,
            created: arrival.created,
            load_time: arrival.load_time,
            idle: self.core.config.life.tti.map(|tti| Idle::new(tti, now)),
        };
        Slot::new(arrival.held, life::until(now, arrival.lifetime), generation, facts)
    }

    /// Removes from memory; the value comes back, to be dropped where no lock is held.
    pub(super) fn forget(&self, key: &Key<O>) -> Option<(Key<O>, Slot<H>)> {
        let gone = self.table.as_ref()?.remove(key, |_| true);
        if let Some((_, slot)) = &gone {
            self.count_local(slot.generation(), -1, slot.weight());
        }
        gone
    }

    /// The table of one thread is not seen from others, so its entries are counted.
    fn count_local(&self, generation: u64, entries: i64, weight: u64) {
        if !self.is_local() {
            return;
        }
        let mut local = lock(&self.core.local);
        let current = self.core.generation.current();
        if local.generation != current {
            *local = crate::core::LocalCount { generation: current, ..Default::default() };
        }
        if generation == current {
            local.entries = local.entries.saturating_add_signed(entries);
            local.weight = if entries > 0 { local.weight + weight } else { local.weight.saturating_sub(weight) };
        }
    }

    /// Removes what has expired, by the notes.
    pub(super) fn sweep_due(&self) {
        let Some(table) = &self.table else { return };
        let now = self.core.clock.tick();
        for hash in self.expiries.due(now) {
            match table.remove(&ByHash(hash), |slot| slot.expired(now)) {
                Some((_, slot)) => {
                    self.core.counters.expirations.add(1);
                    self.count_local(slot.generation(), -1, slot.weight());
                }
                // Replaced, or asked for meanwhile: its time comes later.
                None => {
                    if let Some(slot) = table.get(&ByHash(hash)) {
                        self.expiries.note(slot.deadline().max(now), hash);
                    }
                }
            }
        }
    }

    /// A table that threads share is swept at times; the table of one thread whenever it grows.
    fn sweep_at(&self, when: Tick) {
        if let Some(member) = self.member.get() {
            let member = Weak::clone(member);
            on_worker_at(&self.core.clock, when, move || {
                if let Some(member) = member.upgrade() {
                    member.sweep();
                }
            });
        }
    }
}

impl<O, H, T> Member for Cache<O, H, T>
where
    O: Eq + Clone + Send + Sync + 'static,
    H: Held + Send + Sync,
    T: Table<O, H> + Send + Sync,
{
    fn quiet(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.fence.quiet())
    }

    fn empty(&self) {
        // Each entry is dropped here, between two locks.
        self.table.iter().flat_map(Table::take_all).for_each(drop);
    }

    fn size(&self) -> (u64, u64) {
        self.table.as_ref().map_or((0, 0), |table| (table.entries(), table.weight()))
    }

    fn sweep(&self) {
        self.sweep_due();
        if let Some(when) = self.expiries.next() {
            self.sweep_at(when);
        }
    }
}
