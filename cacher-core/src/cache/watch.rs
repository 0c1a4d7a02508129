//! What the user's strategies say about reads and writes, and what their transforms make of values.

use std::{
    hash::Hash,
    panic::{AssertUnwindSafe, catch_unwind},
};

use equivalent::Equivalent;

use super::{Asked, Cache};
use crate::{
    error::{Error, Kind},
    key::parts::Key,
    memory::{held::Held, slot::Slot, table::Table},
    scope::Mode,
    strategy::{Call, Found, Freshness, Transform, Verdict, life::Terms},
    sync::Arc,
};

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Looks in memory, if the strategies let it.
    #[cold]
    #[inline(never)]
    pub(super) fn watched_first<Q>(&self, query: &Q, hash: u64, asked: &mut Asked) -> Option<H::Value>
    where
        Q: Hash + Equivalent<Key<O>>,
    {
        let call = self.core.call(Some(hash), 0);
        *asked = self.ask_read(&call);
        if *asked == Asked::Refused { None } else { self.hit_in_call(query, &call) }
    }

    /// Asks about the read of a call that found no cache to ask at first.
    pub(crate) fn asked_about(&self, mode: Mode, hash: u64, asked: Asked) -> Asked {
        let reads = !matches!(mode, Mode::Bypass | Mode::Refresh);
        if self.watched && reads && asked == Asked::No { self.ask_read(&self.core.call(Some(hash), 0)) } else { asked }
    }

    fn ask_read(&self, call: &Call<'_>) -> Asked {
        match self.core.strategies.ask_read(call) {
            Verdict::Refuse => Asked::Refused,
            Verdict::Proceed => {
                self.core.strategies.commit_read(call);
                Asked::Allowed
            }
        }
    }

    /// The value in memory, if it is fresh, also to the strategies.
    pub(super) fn watched_hit<Q: Hash + Equivalent<Key<O>>>(&self, query: &Q, hash: u64) -> Option<H::Value> {
        self.hit_in_call(query, &self.core.call(Some(hash), 0))
    }

    fn hit_in_call<Q: Hash + Equivalent<Key<O>>>(&self, query: &Q, call: &Call<'_>) -> Option<H::Value> {
        let slot = self.slot_asked(query)?;
        let found = self.found_in_memory(&slot);
        if self.core.strategies.ask_found(call, &found) != Freshness::Fresh {
            return None;
        }
        let value = self.outward(slot.held.value())?;
        self.core.strategies.commit_found(call, &found);
        self.core.counters.hits.add_one();
        Some(value)
    }

    /// What the strategies think of an entry.
    pub(super) fn judge_found(&self, hash: u64, found: &Found) -> Freshness {
        if self.watched {
            self.core.strategies.ask_found(&self.core.call(Some(hash), 0), found)
        } else {
            Freshness::Fresh
        }
    }

    /// The same of one in memory.
    pub(super) fn judge_slot(&self, hash: u64, slot: &Slot<H>) -> Freshness {
        if self.watched { self.judge_found(hash, &self.found_in_memory(slot)) } else { Freshness::Fresh }
    }

    pub(super) fn note_found(&self, hash: u64, found: &Found) {
        if self.watched {
            self.core.strategies.commit_found(&self.core.call(Some(hash), 0), found);
        }
    }

    fn found_in_memory(&self, slot: &Slot<H>) -> Found {
        let (age, load_time) = slot
            .facts()
            .map_or_else(Default::default, |facts| (self.core.clock.stamp().since(facts.created), facts.load_time));
        let fresh_for = slot.mortal().then(|| slot.deadline().since(self.core.clock.tick()));
        Found { age, fresh_for, load_time, in_memory: true }
    }

    /// Whether the strategies would let a call look. Commits nothing.
    pub(super) fn may_read(&self, hash: u64) -> bool {
        !self.watched || self.core.strategies.ask_read(&self.core.call(Some(hash), 0)) == Verdict::Proceed
    }

    /// The slot, if it is in memory and fresh, also to the strategies. Counts and commits nothing.
    pub(super) fn visible_slot(&self, key: &Key<O>, terms: &Terms) -> Option<Slot<H>> {
        let slot = self.slot(key, terms)?;
        (self.judge_slot(key.hash, &slot) <= Freshness::Due).then_some(slot)
    }

    /// What is kept in place of a value; `None`, and reported, if a transform panics.
    pub(super) fn inward(&self, value: H::Value) -> Option<H::Value> {
        self.transforms.iter().try_fold(value, |value, transform| self.transformed(transform, value, Transform::write))
    }

    /// What a hit returns in place of a value; `None`, and reported, if a transform panics.
    pub(super) fn outward(&self, value: H::Value) -> Option<H::Value> {
        self.transforms
            .iter()
            .rev()
            .try_fold(value, |value, transform| self.transformed(transform, value, Transform::read))
    }

    fn transformed(
        &self,
        transform: &Arc<dyn Transform<H::Value>>,
        value: H::Value,
        change: fn(&dyn Transform<H::Value>, H::Value) -> H::Value,
    ) -> Option<H::Value> {
        let changed = catch_unwind(AssertUnwindSafe(|| change(&**transform, value)));
        self.core.or_fault(changed.map_err(|_| Error::new(Kind::Invalid, "a transform of the value panicked")))
    }
}
