//! Errors of bodies that answer calls for a while: in memory alone, and never in place of a value.

use std::{collections::HashMap, fmt, time::Duration};

use super::{Cache, load::Load};
use crate::{
    flight::SharedError,
    key::parts::Key,
    memory::{held::Held, table::Table},
    strategy::life::Terms,
    sync::{Mutex, lock},
    tags::Tagged,
    time::Tick,
};

/// The errors of a cache, by key.
pub(super) struct Errors<O> {
    ttl: Duration,
    all: Mutex<HashMap<Key<O>, Lasting>>,
}

struct Lasting {
    error: SharedError,
    until: Tick,
    generation: u64,
    /// The tags of its call: none was invalidated since the load began.
    tagged: Tagged,
}

impl Lasting {
    fn answers(&self, now: Tick, generation: u64) -> bool {
        now < self.until && self.generation == generation && self.tagged.is_current()
    }
}

/// How many keys are remembered; beyond that the errors that end first make room.
const MOST: usize = 10_000;

impl<O> fmt::Debug for Errors<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errors").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

impl<O: Eq + Clone + 'static> Errors<O> {
    pub(super) fn new(ttl: Duration) -> Self {
        Self { ttl, all: Mutex::default() }
    }

    fn get(&self, (key, terms): (&Key<O>, &Terms), now: Tick, generation: u64) -> Option<SharedError> {
        let all = lock(&self.all);
        let lasting =
            all.get(key).filter(|lasting| lasting.answers(now, generation) && terms.admit(&lasting.tagged))?;
        Some(SharedError::clone(&lasting.error))
    }

    /// Remembers an error. What makes room comes back, to be dropped where no lock is held.
    fn put(&self, key: Key<O>, lasting: Lasting, now: Tick) -> Vec<(Key<O>, Lasting)> {
        let mut all = lock(&self.all);
        let mut gone = Vec::new();
        if all.len() >= MOST {
            let mut ends: Vec<_> = all.values().map(|lasting| lasting.until).collect();
            ends.sort_unstable();
            let middle = ends[ends.len() / 2].max(now);
            gone.extend(all.extract_if(|_, lasting| lasting.until <= middle));
        }
        let earlier = all.insert(key.clone(), lasting);
        gone.extend(earlier.map(|earlier| (key, earlier)));
        gone
    }

    fn remove(&self, key: &Key<O>) -> Option<(Key<O>, Lasting)> {
        lock(&self.all).remove_entry(key)
    }
}

impl<O: Eq + Clone + 'static, H: Held, T: Table<O, H>> Cache<O, H, T> {
    /// The error that answers calls of this key.
    pub(super) fn lasting_error(&self, key: &Key<O>, terms: &Terms) -> Option<SharedError> {
        self.errors.as_ref()?.get((key, terms), self.clock.tick(), self.generation.current())
    }

    /// Lets the error of a load answer calls, unless something has invalidated it.
    pub(super) fn keep_error(&self, load: &Load<O, H>, error: &SharedError) {
        let Some(errors) = &self.errors else { return };
        let now = self.clock.tick();
        let lasting = Lasting {
            error: SharedError::clone(error),
            until: now.after(errors.ttl),
            generation: load.seat.token().generation,
            tagged: load.terms.tags.clone().since(load.since),
        };
        let gone = load.seat.publish(|| errors.put(load.key.clone(), lasting, now));
        drop(gone);
    }

    /// Forgets the error of a key.
    pub(super) fn forget_error(&self, key: &Key<O>) {
        if let Some(errors) = &self.errors {
            drop(errors.remove(key));
        }
    }
}
