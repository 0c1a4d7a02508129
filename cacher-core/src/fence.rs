//! Fenced invalidation: a load that began before an invalidation leaves its value nowhere.
//!
//! Everything that may write an entry (a load, a refresh, an insertion, a back-fill, a change of its life) takes a
//! [`Seat`] at the key's cell *before it first reads a store*, and with it a [`Token`]: the epoch of the key and the
//! generation of the cache at that time. A token is current until one of the two moves on.
//!
//! * A write to a store is [admitted](Seat::admit) only while the token is current, one at a time per key. It counts
//!   until the store has answered, whether or not its caller still waits.
//! * [Publishing](Seat::publish) to memory compares the token and inserts in one critical section.
//! * An invalidation [closes](Seat::close) the key: the epoch moves on, nothing more is admitted, admitted writes are
//!   awaited. The caller removes the entry from the stores. [`Closed::finish`] then moves the epoch on again and
//!   removes the entry from memory in one critical section.
//!
//! The second move matters: a load that began between the two may have read the old value from a store that was not
//! emptied yet. `tests/fence_model.rs` walks through all interleavings, and shows which weaker protocols fail.
//!
//! Within an epoch the order of beginning decides: once something has written, nothing that began before it writes any
//! more. So of two refreshes the older may land first, but not last. A change to a value that was found there is
//! [tentative](Seat::tentative): it is written only if nothing else was since.
//!
//! Clearing a whole cache is the same with the [`Generation`] in place of the epoch.

use hashbrown::HashTable;

use crate::{
    key::parts::Key,
    sync::{Arc, AtomicBool, AtomicU64, AtomicUsize, Event, Mutex, MutexGuard, Ordering, lock},
};

/// The state of the world when an operation began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    epoch: u64,
    /// Entries in memory carry it: one of an older generation is gone.
    pub(crate) generation: u64,
}

/// The generation of a cache: moved on by clearing it.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    current: AtomicU64,
    closed: AtomicUsize,
}

impl Generation {
    #[inline]
    pub(crate) fn current(&self) -> u64 {
        self.current.load(Ordering::Acquire)
    }

    /// Moves on, so that nothing of the past is served or written any more; nothing is admitted until [`Self::open`].
    pub(crate) fn close(&self) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        self.current.fetch_add(1, Ordering::SeqCst);
    }

    /// Moves on again, past loads that read a store before it was emptied.
    pub(crate) fn open(&self) {
        self.current.fetch_add(1, Ordering::SeqCst);
        self.closed.fetch_sub(1, Ordering::SeqCst);
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst) > 0
    }
}

/// The cells of all keys that something is going on at. `F` is what else is kept at a key.
#[derive(Debug)]
pub(crate) struct Fence<O, F> {
    shards: [Mutex<HashTable<Row<O, F>>>; SHARDS],
    generation: Arc<Generation>,
}

const SHARDS: usize = 16;

#[derive(Debug)]
struct Row<O, F> {
    key: Key<O>,
    cell: Arc<Cell<F>>,
    seats: usize,
}

#[derive(Debug)]
struct Cell<F> {
    state: Mutex<State<F>>,
}

#[derive(Debug, Default)]
struct State<F> {
    epoch: u64,
    closed: usize,
    /// How many seats were taken.
    seats: u64,
    /// Which of them wrote last.
    wrote: u64,
    write: Option<Arc<Write>>,
    extra: F,
}

/// A write to the stores that was admitted.
#[derive(Debug)]
struct Write {
    done: AtomicBool,
    quiet: Event,
}

impl Write {
    async fn wait(&self) {
        loop {
            let listener = self.quiet.listen();
            if self.done.load(Ordering::SeqCst) {
                return;
            }
            listener.await;
        }
    }
}

impl<F> State<F> {
    /// The write that is going on.
    fn writing(&self) -> Option<Arc<Write>> {
        self.write.as_ref().filter(|write| !write.done.load(Ordering::SeqCst)).map(Arc::clone)
    }
}

impl<O: Eq, F: Default> Fence<O, F> {
    pub(crate) fn new(generation: Arc<Generation>) -> Arc<Self> {
        Arc::new(Self { shards: std::array::from_fn(|_| Mutex::default()), generation })
    }

    /// Takes a seat at the cell of `key`, and looks at what is kept there in the same critical section.
    pub(crate) fn enter<T>(self: &Arc<Self>, key: &Key<O>, look: impl FnOnce(&mut F, Token) -> T) -> (Seat<O, F>, T)
    where
        O: Clone,
    {
        let cell = self.cell(key.clone());
        let mut state = lock(&cell.state);
        let token = self.token(&state);
        let seen = look(&mut state.extra, token);
        state.seats += 1;
        let number = state.seats;
        drop(state);
        (Seat { fence: Arc::clone(self), cell, hash: key.hash, token, number, after: None }, seen)
    }

    /// Waits until no write that was admitted before now is going on anywhere.
    pub(crate) async fn quiet(&self) {
        let mut cells = Vec::new();
        for shard in &self.shards {
            cells.extend(lock(shard).iter().map(|row| Arc::clone(&row.cell)));
        }
        for cell in cells {
            cell.quiet().await;
        }
    }

    fn cell(&self, key: Key<O>) -> Arc<Cell<F>> {
        let hash = key.hash;
        let mut shard = self.shard(hash);
        if let Some(row) = shard.find_mut(hash, |row| row.key == key) {
            row.seats += 1;
            return Arc::clone(&row.cell);
        }
        let cell = Arc::new(Cell { state: Mutex::default() });
        shard.insert_unique(hash, Row { key, cell: Arc::clone(&cell), seats: 1 }, |row| row.key.hash);
        cell
    }
}

impl<O, F> Fence<O, F> {
    fn shard(&self, hash: u64) -> MutexGuard<'_, HashTable<Row<O, F>>> {
        // The low bits choose the bucket.
        lock(&self.shards[(hash >> 32) as usize % SHARDS])
    }

    fn token(&self, state: &State<F>) -> Token {
        Token { epoch: state.epoch, generation: self.generation.current() }
    }

    /// Gives up a seat, and the cell with the last one. The key is dropped where no lock is held.
    fn leave(&self, hash: u64, cell: &Arc<Cell<F>>) {
        let mut shard = self.shard(hash);
        let Ok(mut row) = shard.find_entry(hash, |row| Arc::ptr_eq(&row.cell, cell)) else { return };
        row.get_mut().seats -= 1;
        let gone = (row.get().seats == 0).then(|| row.remove().0);
        drop(shard);
        drop(gone);
    }
}

impl<F> Cell<F> {
    /// Waits until the write that is going on has ended.
    async fn quiet(&self) {
        let writing = lock(&self.state).writing();
        if let Some(write) = writing {
            write.wait().await;
        }
    }
}

/// The right to write at a key, as long as nothing invalidates it.
#[derive(Debug)]
pub(crate) struct Seat<O, F> {
    fence: Arc<Fence<O, F>>,
    cell: Arc<Cell<F>>,
    hash: u64,
    token: Token,
    /// Later seats have higher numbers.
    number: u64,
    /// The seat that must still be the last that wrote.
    after: Option<u64>,
}

impl<O, F> Drop for Seat<O, F> {
    fn drop(&mut self) {
        self.fence.leave(self.hash, &self.cell);
    }
}

impl<O, F> Seat<O, F> {
    pub(crate) fn token(&self) -> Token {
        self.token
    }

    /// Changes what is kept at the key.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut F) -> T) -> T {
        change(&mut lock(&self.cell.state).extra)
    }

    /// Whether nothing has invalidated what this seat may write.
    pub(crate) fn is_current(&self) -> bool {
        self.may_write(&lock(&self.cell.state))
    }

    /// For a change to what stands there now: it is written only if nothing else was before it.
    pub(crate) fn tentative(mut self) -> Self {
        let after = Some(lock(&self.cell.state).wrote);
        self.after = after;
        self
    }

    fn may_write(&self, state: &State<F>) -> bool {
        let is_latest = match self.after {
            Some(after) => state.wrote == after,
            None => state.wrote <= self.number,
        };
        is_latest && state.closed == 0 && !self.fence.generation.is_closed() && self.token == self.fence.token(state)
    }

    fn note_write(&self, state: &mut State<F>) {
        if self.after.is_none() {
            state.wrote = self.number;
        }
    }

    /// Waits for its turn to write to the stores; `None` if the value is out of date.
    pub(crate) async fn admit(&self) -> Option<Admitted> {
        loop {
            let writing = {
                let mut state = lock(&self.cell.state);
                if !self.may_write(&state) {
                    return None;
                }
                match state.writing() {
                    Some(other) => other,
                    None => {
                        let write = Arc::new(Write { done: AtomicBool::new(false), quiet: Event::new() });
                        state.write = Some(Arc::clone(&write));
                        self.note_write(&mut state);
                        return Some(Admitted(write));
                    }
                }
            };
            writing.wait().await;
        }
    }

    /// Runs `insert` while nothing can invalidate the value; `None` if something already has. `insert` must neither
    /// wait nor run code of the user.
    pub(crate) fn publish<T>(&self, insert: impl FnOnce() -> T) -> Option<T> {
        let mut state = lock(&self.cell.state);
        if self.may_write(&state) {
            self.note_write(&mut state);
            return Some(insert());
        }
        // What `insert` holds is dropped after the lock.
        drop(state);
        None
    }
}

impl<O, F: Default> Seat<O, F> {
    /// Moves the epoch on and takes part in the new one: what began before can no longer write.
    pub(crate) fn renew(&mut self) {
        let forgotten = {
            let mut state = lock(&self.cell.state);
            state.epoch += 1;
            self.token = self.fence.token(&state);
            std::mem::take(&mut state.extra)
        };
        drop(forgotten);
    }

    /// Begins an invalidation: moves the epoch on, and closes the key until [`Closed::finish`].
    pub(crate) fn close(self) -> Closed<O, F> {
        let forgotten = {
            let mut state = lock(&self.cell.state);
            state.epoch += 1;
            state.closed += 1;
            std::mem::take(&mut state.extra)
        };
        drop(forgotten);
        Closed { seat: self }
    }
}

/// A write that may go on to the stores. Dropped when they have answered.
#[derive(Debug)]
pub(crate) struct Admitted(Arc<Write>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.done.store(true, Ordering::SeqCst);
        self.0.quiet.notify(usize::MAX);
    }
}

/// A key under invalidation. Dropping it early opens the key again, with the epoch moved on.
#[derive(Debug)]
pub(crate) struct Closed<O, F: Default> {
    seat: Seat<O, F>,
}

impl<O, F: Default> Closed<O, F> {
    /// Waits for the write that was admitted before.
    pub(crate) async fn quiet(&self) {
        self.seat.cell.quiet().await;
    }

    /// Moves the epoch on again, and removes the entry from memory in the same critical section.
    pub(crate) fn finish<T>(self, remove: impl FnOnce() -> T) -> T {
        let mut state = lock(&self.seat.cell.state);
        state.epoch += 1;
        remove()
    }
}

impl<O, F: Default> Drop for Closed<O, F> {
    fn drop(&mut self) {
        let forgotten = {
            let mut state = lock(&self.seat.cell.state);
            state.epoch += 1;
            state.closed -= 1;
            std::mem::take(&mut state.extra)
        };
        drop(forgotten);
    }
}
