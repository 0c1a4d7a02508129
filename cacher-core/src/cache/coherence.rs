//! Finding what memory has of an entry that others have changed in a store.

use std::collections::HashMap;

use super::{Cache, stores::StoredKey};
use crate::{
    bridge,
    core::{DRAIN, within},
    key::parts::{ByHash, Key},
    memory::{held::Held, table::Table},
    sync::{Mutex, lock},
};

/// The keys that something was or is kept of in front of a store, by what the store calls them.
pub(super) struct Marks<O>(Mutex<HashMap<u64, Key<O>>>);

/// How many marks may be left over of entries that are gone.
const LEFT_OVER: usize = 1024;

impl<O> Default for Marks<O> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Notes what the stores call a key: before they are asked, so that no change is missed.
    pub(super) fn mark(&self, key: &Key<O>, stored: &StoredKey) {
        for mark in self.core.marks(&stored.shared_name()) {
            let key = key.clone();
            let earlier = lock(&self.marks.0).insert(mark, key);
            drop(earlier);
            self.prune_marks();
        }
    }

    /// Forgets marks of what is neither kept nor under way, once there are many.
    fn prune_marks(&self) {
        let kept = self.table.as_ref().map_or(0, |table| usize::try_from(table.entries()).unwrap_or(usize::MAX));
        let mut marks = lock(&self.marks.0);
        if marks.len() <= kept.saturating_mul(2).saturating_add(LEFT_OVER) {
            return;
        }
        let all: Vec<_> = marks.drain().collect();
        let (live, gone): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, key)| self.is_live(key.hash));
        marks.extend(live);
        drop(marks);
        drop(gone);
    }

    fn is_live(&self, hash: u64) -> bool {
        let mut there = false;
        if let Some(table) = &self.table {
            table.remove(&ByHash(hash), |_| {
                there = true;
                false
            });
        }
        there || self.fence.has(hash)
    }

    /// Removes what is kept of an entry in memory and in the stores in front of the one that it has changed in. What
    /// is being loaded now is not kept.
    pub(super) fn overtaken(&self, tier: usize, mark: u64) {
        let key = lock(&self.marks.0).remove(&mark);
        let Some(key) = key else { return };
        let stored = if tier > 0 { self.stored_key(&key) } else { None };
        let (seat, ()) = self.fence.enter(&key, |_, _| ());
        let closed = seat.close();
        if let Some(stored) = stored {
            let removed = async {
                if within(&self.core.clock, DRAIN, closed.quiet()).await.is_none() {
                    self.bury(&stored, closed.overtake().as_ref());
                }
                for upper in 0..tier {
                    self.core.remove_or_bury(upper, &stored.shared_name()).await;
                }
            };
            bridge::block_on(removed);
        }
        drop(closed.finish(|| self.forget(&key)));
    }
}
