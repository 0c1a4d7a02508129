//! Finding what memory has of an entry that others have changed in a store.

use std::collections::HashMap;

use super::{Cache, stores::StoredKey};
use crate::{
    bridge,
    core::{DRAIN, Hearing, within},
    key::parts::{ByHash, Key},
    memory::{held::Held, table::Table},
    sync::{Arc, Mutex, lock},
};

/// The keys that something was or is kept of in front of a store, by what the store calls them.
pub(super) struct Marks<O>(Mutex<Marked<O>>);

struct Marked<O> {
    keys: HashMap<u64, Key<O>>,
    /// How many there may be before those are forgotten that are neither kept nor under way.
    most: usize,
}

/// How many marks of entries that are gone may be there at least.
const LEFT_OVER: usize = 1024;

impl<O> Default for Marks<O> {
    fn default() -> Self {
        Self(Mutex::new(Marked { keys: HashMap::new(), most: LEFT_OVER }))
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// Notes what the stores call a key: before they are asked, so that no change is missed.
    pub(super) fn mark(&self, key: &Key<O>, stored: &StoredKey) {
        for mark in self.core.marks(&stored.shared_name()) {
            let key = key.clone();
            let mut marks = lock(&self.marks.0);
            let earlier = marks.keys.insert(mark, key);
            let many = marks.keys.len() > marks.most;
            drop(marks);
            drop(earlier);
            if many {
                self.prune_marks();
            }
        }
    }

    /// Forgets marks of what is neither kept nor under way, and makes room for as many again as are left: so that not
    /// every new mark looks through all.
    fn prune_marks(&self) {
        let mut marks = lock(&self.marks.0);
        let all: Vec<_> = marks.keys.drain().collect();
        let (live, gone): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, key)| self.is_live(key.hash));
        marks.most = live.len() * 2 + LEFT_OVER;
        marks.keys.extend(live);
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

    /// What tells whether others change an entry from now on, where they are heard of.
    pub(super) fn hearing(&self, stored: &StoredKey) -> Option<Arc<Hearing>> {
        let heard = self.core.hears_of_others();
        heard.then(|| Arc::new(self.core.news.hear(self.core.marks(&stored.shared_name()))))
    }

    /// Removes what is kept of an entry in memory and in the stores in front of the one that it has changed in. What
    /// is being loaded now is not kept.
    pub(super) fn overtaken(&self, tier: usize, mark: u64) {
        let key = lock(&self.marks.0).keys.remove(&mark);
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
                    self.core.remove_or_bury(upper, &[stored.shared_name()]).await;
                }
            };
            bridge::block_on(removed);
        }
        drop(closed.finish(|| self.forget(&key)));
    }
}
