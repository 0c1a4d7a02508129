//! What is still to be done with the store, in order: at most one change of each key waits, and one is under way.

use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

use crate::{backend::Key, sync::Arc};

/// A change of one entry.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Put(Arc<[u8]>, Option<SystemTime>),
    Remove,
}

impl Change {
    /// What a reader is to find once it is made.
    pub(super) fn entry(&self) -> Option<&[u8]> {
        match self {
            Self::Put(entry, _) => Some(entry),
            Self::Remove => None,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: HashMap<Key, (u64, Change)>,
    /// The keys of `waiting`, by their turn.
    order: BTreeMap<u64, Key>,
    /// What is under way, by its turn. Readers find it as if it were made.
    started: HashMap<Key, (u64, Change)>,
    turn: u64,
    /// How many puts wait.
    puts: usize,
}

impl Queue {
    /// The latest change of a key that is to be made.
    pub(super) fn change(&self, key: &Key) -> Option<&Change> {
        self.waiting.get(key).or_else(|| self.started.get(key)).map(|(_, change)| change)
    }

    /// Lets a change wait, in the place of one that does already.
    pub(super) fn add(&mut self, key: Key, change: Change) {
        let turn = self.take_back(&key).map_or(self.turn, |(turn, _)| turn);
        self.turn = self.turn.max(turn + 1);
        self.puts += usize::from(change.entry().is_some());
        self.order.insert(turn, key.clone());
        self.waiting.insert(key, (turn, change));
    }

    fn take_back(&mut self, key: &Key) -> Option<(u64, Change)> {
        let (turn, change) = self.waiting.remove(key)?;
        self.order.remove(&turn);
        self.puts -= usize::from(change.entry().is_some());
        Some((turn, change))
    }

    /// Starts a change in place of what waits, and says whether that was an entry.
    pub(super) fn start(&mut self, key: &Key, change: Change) -> bool {
        let waited = self.take_back(key);
        self.started.insert(key.clone(), (self.turn, change));
        self.turn += 1;
        waited.is_some_and(|(_, change)| change.entry().is_some())
    }

    /// Starts the first changes that wait, but for those of keys that have one under way.
    pub(super) fn start_first(&mut self, most: usize) -> Vec<(Key, Change)> {
        let ready = self.order.values().filter(|key| !self.started.contains_key(key));
        let keys: Vec<_> = ready.take(most).cloned().collect();
        let started = keys.into_iter().filter_map(|key| {
            let (turn, change) = self.take_back(&key)?;
            self.started.insert(key.clone(), (turn, change.clone()));
            Some((key, change))
        });
        started.collect()
    }

    /// Starts the removal of all that waits in a namespace; returns the keys, and whether entries waited.
    pub(super) fn start_removals(&mut self, namespace: &str) -> Vec<(Key, bool)> {
        let keys: Vec<_> = self.waiting.keys().filter(|key| *key.namespace == *namespace).cloned().collect();
        let started = keys.into_iter().map(|key| {
            let waited = self.start(&key, Change::Remove);
            (key, waited)
        });
        started.collect()
    }

    pub(super) fn finish(&mut self, key: &Key) {
        self.started.remove(key);
    }

    /// Puts a removal in the place of the entry that waits longest; returns its key.
    pub(super) fn drop_oldest(&mut self) -> Option<Key> {
        let oldest = self.order.values().find(|key| self.waits_with_entry(key)).cloned()?;
        self.add(oldest.clone(), Change::Remove);
        Some(oldest)
    }

    pub(super) fn waits_with_entry(&self, key: &Key) -> bool {
        self.waiting.get(key).is_some_and(|(_, change)| change.entry().is_some())
    }

    pub(super) fn waits(&self, key: &Key) -> bool {
        self.waiting.contains_key(key)
    }

    pub(super) fn is_started(&self, key: &Key) -> bool {
        self.started.contains_key(key)
    }

    pub(super) fn is_started_in(&self, namespace: &str) -> bool {
        self.started.keys().any(|key| *key.namespace == *namespace)
    }

    /// Whether all changes before a turn are made.
    pub(super) fn is_made(&self, turn: u64) -> bool {
        self.started.values().all(|(started, _)| *started >= turn)
            && self.order.first_key_value().is_none_or(|(first, _)| *first >= turn)
    }

    /// The turn of the next change.
    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many entries the store has not taken yet.
    pub(super) fn unwritten(&self) -> usize {
        self.puts + self.started.values().filter(|(_, change)| change.entry().is_some()).count()
    }

    pub(super) fn puts(&self) -> usize {
        self.puts
    }
}
