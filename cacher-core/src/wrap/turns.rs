//! One change of a key at a time, without a lock that is held meanwhile.

use std::collections::HashSet;

use crate::{
    backend::Key,
    sync::{Condvar, Mutex, PoisonError, lock},
};

#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<HashSet<Key>>,
    given_back: Condvar,
}

/// The right to change a key, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    key: Key,
}

impl Turns {
    /// Waits until nobody else has the key.
    pub(crate) fn take(&self, key: &Key) -> Turn<'_> {
        let mut taken = lock(&self.taken);
        while !taken.insert(key.clone()) {
            taken = self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        Turn { turns: self, key: key.clone() }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.turns.taken).remove(&self.key);
        self.turns.given_back.notify_all();
    }
}
