//! How many entries the tables of single threads hold.

use super::Core;
use crate::sync::{Arc, Mutex, lock};

/// How many entries of the current generation tables of single threads hold.
#[derive(Debug, Default)]
pub(super) struct LocalCount {
    generation: u64,
    entries: u64,
    weight: u64,
}

impl LocalCount {
    /// Entries of a generation, and what they weigh.
    pub(super) fn of(&self, generation: u64) -> (u64, u64) {
        if self.generation == generation { (self.entries, self.weight) } else { (0, 0) }
    }

    /// Adds to the count of a generation, which starts anew with each.
    fn add(&mut self, generation: u64, entries: u64, weight: u64) {
        if self.generation != generation {
            *self = Self { generation, ..Self::default() };
        }
        self.entries += entries;
        self.weight = self.weight.saturating_add(weight);
    }

    /// Takes from the count of a generation, if it is this one's.
    fn take(&mut self, generation: u64, entries: u64, weight: u64) {
        if self.generation == generation {
            self.entries = self.entries.saturating_sub(entries);
            self.weight = self.weight.saturating_sub(weight);
        }
    }
}

/// What the table of one thread adds to the count of all, while it exists.
#[derive(Debug)]
pub(crate) struct LocalShare {
    core: Arc<Core>,
    own: Mutex<LocalCount>,
}

impl LocalShare {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, own: Mutex::default() }
    }

    /// Counts an entry. Says whether it is the first of its generation, so that all others were cleared.
    pub(crate) fn add(&self, generation: u64, weight: u64) -> bool {
        let mut own = lock(&self.own);
        let first = own.generation != generation;
        own.add(generation, 1, weight);
        lock(&self.core.local).add(generation, 1, weight);
        first
    }

    pub(crate) fn take(&self, generation: u64, weight: u64) {
        lock(&self.own).take(generation, 1, weight);
        lock(&self.core.local).take(generation, 1, weight);
    }
}

impl Drop for LocalShare {
    fn drop(&mut self) {
        let own = lock(&self.own);
        lock(&self.core.local).take(own.generation, own.entries, own.weight);
    }
}
