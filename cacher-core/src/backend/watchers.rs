//! Who wants to hear of changes, and what these are called.

use super::{Notice, Watcher};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering, lock};

/// What a notice calls the key of this text.
pub(super) fn mark(key: &str) -> u64 {
    let hash = blake3::hash(key.as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().unwrap_or_else(|| unreachable!("a hash has 32 bytes"));
    u64::from_le_bytes(*first)
}

/// Those who watch, each with what it wants to hear of.
pub(super) struct Watchers<S> {
    all: Mutex<Vec<(S, Watcher)>>,
    /// How many there were.
    number: AtomicU64,
}

impl<S> Default for Watchers<S> {
    fn default() -> Self {
        Self { all: Mutex::default(), number: AtomicU64::new(0) }
    }
}

impl<S: Clone + PartialEq> Watchers<S> {
    pub(super) fn add(&self, subject: S, watcher: Watcher) {
        lock(&self.all).push((subject, watcher));
        self.number.fetch_add(1, Ordering::SeqCst);
    }

    /// How many there were.
    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::SeqCst)
    }

    /// All that somebody wants to hear of.
    pub(super) fn subjects<C: FromIterator<S>>(&self) -> C {
        lock(&self.all).iter().map(|(subject, _)| subject.clone()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.all).is_empty()
    }

    /// Tells all that changes may have been missed.
    pub(super) fn lost(&self) {
        self.tell(|_| true, Notice::Lost);
    }

    /// Tells those whose subject is meant, and forgets those who are gone.
    pub(super) fn tell(&self, meant: impl Fn(&S) -> bool, notice: Notice) {
        let told: Vec<_> = lock(&self.all).iter().filter(|(subject, _)| meant(subject)).cloned().collect();
        for (subject, watcher) in told {
            if !watcher.tell(notice) {
                lock(&self.all).retain(|(other, entry)| *other != subject || !Arc::ptr_eq(&entry.0, &watcher.0));
            }
        }
    }
}
