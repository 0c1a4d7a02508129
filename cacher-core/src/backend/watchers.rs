//! Who wants to hear of changes, and what these are called.

use super::{Notice, Watcher};
use crate::sync::{Arc, Mutex, lock};

/// What a notice calls the key of this text.
pub(super) fn mark(key: &str) -> u64 {
    let hash = blake3::hash(key.as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().unwrap_or_else(|| unreachable!("a hash has 32 bytes"));
    u64::from_le_bytes(*first)
}

/// Those who watch, each with what it wants to hear of.
pub(super) struct Watchers<S>(Mutex<Vec<(S, Watcher)>>);

impl<S> Default for Watchers<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Clone + PartialEq> Watchers<S> {
    pub(super) fn add(&self, subject: S, watcher: Watcher) {
        lock(&self.0).push((subject, watcher));
    }

    /// All that somebody wants to hear of.
    pub(super) fn subjects<C: FromIterator<S>>(&self) -> C {
        lock(&self.0).iter().map(|(subject, _)| subject.clone()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Tells all that changes may have been missed.
    pub(super) fn lost(&self) {
        self.tell(|_| true, Notice::Lost);
    }

    /// Tells those whose subject is meant, and forgets those who are gone.
    pub(super) fn tell(&self, meant: impl Fn(&S) -> bool, notice: Notice) {
        let told: Vec<_> = lock(&self.0).iter().filter(|(subject, _)| meant(subject)).cloned().collect();
        for (subject, watcher) in told {
            if !watcher.tell(notice) {
                lock(&self.0).retain(|(other, entry)| *other != subject || !Arc::ptr_eq(&entry.0, &watcher.0));
            }
        }
    }
}
