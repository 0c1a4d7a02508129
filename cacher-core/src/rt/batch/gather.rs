//! Items of calls that come at about the same time, for one body.

use std::{collections::HashMap, fmt, hash::Hash, mem, time::Duration};

use super::{call::Call, runner::Chunk};
use crate::{
    clock::Clock,
    key::parts::{Key, Parts},
    memory::{held::Held, table::Table},
    sync::{Arc, Event, Mutex, lock},
    work::within,
};

/// Whether items of calls that come at about the same time are loaded together.
pub trait Gathers<Q, O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N> {
    /// What the caller is to load: nothing if another call does. `rest` is what such calls have in common.
    #[doc(hidden)]
    fn gather(
        &self,
        rest: &Q,
        chunk: Chunk<O, H, T, N>,
        call: &mut Call<O, H, T>,
        most: usize,
    ) -> impl Future<Output = Option<Chunk<O, H, T, N>>>;
}

/// Each call loads its own.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

/// Calls within this time share a body.
#[derive(Clone, Copy, Debug)]
pub struct Window(pub Duration);

impl<Q, O: Eq + Clone + 'static, H: Held, T: Table<O, H>, N> Gathers<Q, O, H, T, N> for Alone {
    async fn gather(
        &self,
        _rest: &Q,
        chunk: Chunk<O, H, T, N>,
        _call: &mut Call<O, H, T>,
        _most: usize,
    ) -> Option<Chunk<O, H, T, N>> {
        Some(chunk)
    }
}

impl<Q, O, H, T, N> Gathers<Q, O, H, T, N> for Window
where
    Q: Parts,
    O: Eq + Clone + 'static,
    H: Held,
    T: Table<O, H>,
    N: Clone,
    Gathering<Key<Q::Owned>, Chunk<O, H, T, N>>: Send + Sync + 'static,
{
    async fn gather(
        &self,
        rest: &Q,
        chunk: Chunk<O, H, T, N>,
        call: &mut Call<O, H, T>,
        most: usize,
    ) -> Option<Chunk<O, H, T, N>> {
        let flights = chunk.lead().flights();
        // A lone load, or one that is not stored.
        if flights.len() < chunk.len() {
            return Some(chunk);
        }
        let cache = call.batch.cache();
        let Some(gathering) = cache.beside::<Gathering<_, _>>() else { return Some(chunk) };
        let count = chunk.len();
        let gathered = gathering.gather(Key::of(rest), (chunk, count), most, (cache.clock(), self.0)).await;
        let all = gathered.and_then(|gathered| gathered.into_iter().reduce(Chunk::join));
        if all.is_none() {
            call.batch.wait_for(flights);
        }
        all
    }
}

/// What waits for a body: by what of the calls must be the same.
pub struct Gathering<K, L>(Mutex<HashMap<K, Arc<Group<L>>>>);

/// What waits for one body.
struct Group<L> {
    waiting: Mutex<Waiting<L>>,
    full: Event,
}

struct Waiting<L> {
    loads: Vec<L>,
    count: usize,
}

impl<K, L> Default for Gathering<K, L> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, L> fmt::Debug for Gathering<K, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathering").finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone, L> Gathering<K, L> {
    /// Leaves loads of so many items to a call that gathers them already; or gathers what others leave here within a
    /// window of time, until there are `most` items. Gives all that is to be loaded, if it is the caller who loads.
    async fn gather(
        &self,
        key: K,
        (load, items): (L, usize),
        most: usize,
        (clock, window): (&Clock, Duration),
    ) -> Option<Vec<L>> {
        // Before the lock, as it runs the user's code.
        let spare = key.clone();
        let mut groups = lock(&self.0);
        if let Some(group) = groups.get(&key).map(Arc::clone) {
            let full = group.add(load, items) >= most;
            let gone = full.then(|| groups.remove_entry(&key));
            drop(groups);
            if full {
                group.full.notify(1);
            }
            drop((gone, spare));
            return None;
        }
        if items >= most {
            return Some(vec![load]);
        }
        let waiting = Mutex::new(Waiting { loads: vec![load], count: items });
        let group = Arc::new(Group { waiting, full: Event::new() });
        groups.insert(spare, Arc::clone(&group));
        let full = group.full.listen();
        drop(groups);
        let ending = Ending { gathering: self, key, group };
        within(clock, window, full).await;
        Some(ending.end())
    }
}

impl<L> Group<L> {
    fn add(&self, load: L, items: usize) -> usize {
        let mut waiting = lock(&self.waiting);
        waiting.loads.push(load);
        waiting.count += items;
        waiting.count
    }
}

/// The end of a window. If nobody waits for it any more, what was left there is dropped, and its callers load it.
struct Ending<'a, K: Hash + Eq, L> {
    gathering: &'a Gathering<K, L>,
    key: K,
    group: Arc<Group<L>>,
}

impl<K: Hash + Eq, L> Ending<'_, K, L> {
    fn end(&self) -> Vec<L> {
        let mut groups = lock(&self.gathering.0);
        let open = groups.get(&self.key).is_some_and(|group| Arc::ptr_eq(group, &self.group));
        let gone = open.then(|| groups.remove_entry(&self.key));
        drop(groups);
        drop(gone);
        mem::take(&mut lock(&self.group.waiting).loads)
    }
}

impl<K: Hash + Eq, L> Drop for Ending<'_, K, L> {
    fn drop(&mut self) {
        drop(self.end());
    }
}
