//! The table of one thread behind a lock that an explorer knows, in place of the one that threads share.

use std::hash::Hash;

use equivalent::Equivalent;

use super::{ByWeight, Dropped, HandBack, Key, Known, Local, Slot};
use crate::sync::{Mutex, lock};

pub(super) struct Locked<O, H>(Mutex<Local<O, H>>);

impl<O: Eq + 'static, H: Clone + 'static> Locked<O, H> {
    pub(super) fn with_options(options: quick_cache::Options, by: ByWeight, known: Known, back: HandBack) -> Self {
        Self(Mutex::new(Local::with_options(options, by, known, back)))
    }

    pub(super) fn get<Q: Hash + Equivalent<Key<O>>>(&self, query: &Q) -> Option<Slot<H>> {
        lock(&self.0).get(query).cloned()
    }

    pub(super) fn insert_with_lifecycle(&self, key: Key<O>, slot: Slot<H>, dropped: &mut Dropped<O, H>) {
        lock(&self.0).insert_with_lifecycle(key, slot, dropped);
    }

    pub(super) fn remove_if<Q: Hash + Equivalent<Key<O>>>(
        &self,
        query: &Q,
        doomed: impl FnOnce(&Slot<H>) -> bool,
    ) -> Option<(Key<O>, Slot<H>)> {
        lock(&self.0).remove_if(query, doomed)
    }

    pub(super) fn drain(&self) -> impl Iterator<Item = (Key<O>, Slot<H>)> {
        let all: Vec<_> = lock(&self.0).drain().collect();
        all.into_iter()
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }

    pub(super) fn weight(&self) -> u64 {
        lock(&self.0).weight()
    }

    pub(super) fn shard_capacity(&self) -> u64 {
        lock(&self.0).capacity()
    }
}
