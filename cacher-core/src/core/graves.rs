//! Removals that a store has not carried out: an entry whose load began before its tombstone is not served.

use std::collections::HashMap;

use crate::{
    fence::Overtaken,
    sync::{Arc, AtomicBool, Mutex, Ordering, lock},
    time::Stamp,
};

/// The tombstones of one store.
#[derive(Debug, Default)]
pub(crate) struct Graves {
    stones: Mutex<Stones>,
    any: AtomicBool,
}

#[derive(Debug, Default)]
struct Stones {
    keys: HashMap<Arc<str>, Stone>,
    /// For all keys, after a clearing that failed, or when there were too many to name.
    all: Option<Stone>,
}

/// A removal that is still to be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Stone {
    pub(crate) stamp: Stamp,
    /// Whether trying again may help.
    pub(crate) retry: bool,
    /// Writes that nobody waits for any more, and that may still bring the entry back.
    pub(crate) overtaken: Vec<Overtaken>,
}

impl Stone {
    pub(crate) fn new(stamp: Stamp) -> Self {
        Self { stamp, retry: true, overtaken: Vec::new() }
    }

    /// Whether nothing can bring the entry back once it is removed.
    fn is_quiet(&self) -> bool {
        self.overtaken.iter().all(Overtaken::is_done)
    }

    /// The same removal, and another.
    fn and(self, later: Self) -> Self {
        let overtaken = self.overtaken.into_iter().chain(later.overtaken).collect();
        Self { stamp: self.stamp.max(later.stamp), retry: later.retry, overtaken }
    }
}

const MOST: usize = 1024;

impl Graves {
    pub(crate) fn bury(&self, name: Arc<str>, stone: Stone) {
        self.change(|stones| {
            let stone = match stones.keys.remove(&name) {
                Some(earlier) => earlier.and(stone),
                None => stone,
            };
            if stones.keys.len() < MOST {
                stones.keys.insert(name, stone);
                return;
            }
            // Too many to name: they all are misses until they are replaced, and nothing is removed for that.
            let named = std::mem::take(&mut stones.keys).into_values();
            let all = named.fold(stone, Stone::and);
            stones.bury_all(Stone { retry: false, ..all });
        });
    }

    pub(crate) fn bury_all(&self, stone: Stone) {
        self.change(|stones| stones.bury_all(stone));
    }

    pub(crate) fn are_any(&self) -> bool {
        self.any.load(Ordering::SeqCst)
    }

    /// Whether an entry was removed before.
    pub(crate) fn holds(&self, name: &str, load_began: Stamp) -> bool {
        self.any.load(Ordering::SeqCst) && {
            let stones = lock(&self.stones);
            let stone = stones.keys.get(name).map(|stone| stone.stamp);
            stone.max(stones.all.as_ref().map(|stone| stone.stamp)).is_some_and(|stamp| load_began <= stamp)
        }
    }

    /// Forgets a removal that a newer entry has made good.
    pub(crate) fn replaced(&self, name: &str, load_began: Stamp) {
        if self.any.load(Ordering::SeqCst) {
            self.change(|stones| {
                if stones.keys.get(name).is_some_and(|stone| stone.stamp < load_began && stone.is_quiet()) {
                    stones.keys.remove(name);
                }
            });
        }
    }

    /// What can be tried again now: single removals, and the clearing of all.
    pub(crate) fn to_retry(&self) -> (Vec<(Arc<str>, Stamp)>, Option<Stamp>) {
        let stones = lock(&self.stones);
        let ready = |stone: &Stone| stone.retry && stone.is_quiet();
        let keys = stones.keys.iter().filter(|(_, stone)| ready(stone));
        let keys = keys.map(|(name, stone)| (Arc::clone(name), stone.stamp)).collect();
        (keys, stones.all.as_ref().filter(|stone| ready(stone)).map(|stone| stone.stamp))
    }

    /// Forgets removals that were carried out, unless they were asked for again.
    pub(crate) fn lift(&self, keys: &[(Arc<str>, Stamp)], all: Option<Stamp>) {
        self.change(|stones| {
            for (name, stamp) in keys {
                if stones.keys.get(name).is_some_and(|stone| stone.stamp == *stamp) {
                    stones.keys.remove(name);
                }
            }
            stones.all.take_if(|stone| Some(stone.stamp) == all);
        });
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        let stones = lock(&self.stones);
        stones.keys.len() as u64 + u64::from(stones.all.is_some())
    }

    /// Whether any of them is to be tried again some time.
    pub(crate) fn wait_for_retry(&self) -> bool {
        let stones = lock(&self.stones);
        stones.keys.values().chain(&stones.all).any(|stone| stone.retry)
    }

    fn change(&self, change: impl FnOnce(&mut Stones)) {
        let mut stones = lock(&self.stones);
        change(&mut stones);
        self.any.store(stones.all.is_some() || !stones.keys.is_empty(), Ordering::SeqCst);
    }
}

impl Stones {
    fn bury_all(&mut self, stone: Stone) {
        self.all = Some(match self.all.take() {
            Some(earlier) => earlier.and(stone),
            None => stone,
        });
    }
}
