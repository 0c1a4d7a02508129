//! Fenced invalidation: a load that began before an invalidation leaves its value nowhere.
//!
//! Everything that may write an entry (a load, a refresh, an insertion, a back-fill, a change of its life) takes a
//! [`Seat`] at the key's cell *before it first reads a store*, and with it a [`Token`]: the epoch of the key and the
//! generation of the cache at that time. A token is current until one of the two moves on.
//!
//! * A write to a store is [admitted](Seat::admit) only while the token is current, one at a time per key. It counts
//!   until the store has answered, whether or not its caller still waits.
//! * [Publishing](Seat::publish) to memory compares the token and inserts in one critical section.
//! * An invalidation [closes](Seat::close) the key: the epoch moves on, nothing more is admitted, the admitted write is
//!   awaited. The caller removes the entry from the stores. [`Closed::finish`] then moves the epoch on again and
//!   removes the entry from memory in one critical section.
//! * What puts a newer value in place of an older one (an insertion, a refresh) [overwrites](Seat::overwrite): while it
//!   writes and publishes, nothing else is admitted, and nothing that had a seat by then is written afterwards.
//!
//! Seats are numbered: within an epoch the order of beginning decides. Once something has written, nothing that began
//! before it does; of two that overwrite, the older may land first, but not last. A change to a value that was found
//! there is [tentative](Seat::tentative): it is written only if nothing else was since. So is a new value that was made
//! of what stood there, which [watches](Seat::watching) before it reads, and then overwrites.
//!
//! The second move matters: a load that began between the two may have read the old value from a store that was not
//! emptied yet. `tests/fence_model` walks through all interleavings, and shows which weaker protocols fail.
//!
//! Clearing a whole cache is the same with the [`Generation`] in place of the epoch.

mod cell;
mod seat;

use hashbrown::HashTable;

use crate::{
    key::parts::Key,
    sync::{Arc, AtomicU64, Event, Mutex, MutexGuard, Ordering, lock},
};

#[cfg(cacher_shuttle)]
use crate::sync::flaw::{self, Flaw};
use cell::Cell;
pub(crate) use cell::{Admission, Admitted, Overtaken};
pub(crate) use seat::{Closed, Overwriting, Seat};

/// The state of the world when an operation began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    epoch: u64,
    /// Entries in memory carry it: one of an older generation is gone.
    pub(crate) generation: u64,
}

/// When an operation began, among those at its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began {
    token: Token,
    /// Later seats have higher numbers.
    number: u64,
}

/// An operation that is just beginning.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) began: Began,
    /// What began before this may bring a value that has been replaced.
    replaced: u64,
}

impl Beginning {
    /// Whether the value of an earlier operation is recent enough for this one.
    pub(crate) fn may_share(&self, earlier: Began) -> bool {
        #[cfg(cacher_shuttle)]
        match () {
            () if flaw::has(Flaw::SharedFlight) => return true,
            () if flaw::has(Flaw::NoFlight) => return false,
            () => {}
        }
        earlier.token == self.began.token && earlier.number >= self.replaced
    }
}

/// The generation of a cache: moved on by clearing it.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    /// The generation, and in the low bits how many clearings go on. In one number, so that both change at once: what
    /// begins when the last move is made finds the cache open.
    state: AtomicU64,
    opened: Event,
}

/// Where clearings are counted.
const CLOSED: u64 = 0xFFFF;
/// From a generation to the next.
const MOVE: u64 = CLOSED + 1;

impl Generation {
    #[inline]
    pub(crate) fn current(&self) -> u64 {
        self.state.load(Ordering::Acquire) & !CLOSED
    }

    /// Moves on, so that nothing of the past is served or written any more; nothing is admitted until [`Self::open`].
    pub(crate) fn close(&self) {
        self.state.fetch_add(MOVE + 1, Ordering::SeqCst);
    }

    /// Moves on again, past loads that read a store before it was emptied.
    pub(crate) fn open(&self) {
        self.state.fetch_add(MOVE - 1, Ordering::SeqCst);
        self.opened.notify(usize::MAX);
    }

    fn is_closed(&self) -> bool {
        self.state.load(Ordering::SeqCst) & CLOSED > 0
    }
}

/// The cells of all keys that something is going on at. `F` is what else is kept at a key.
#[derive(Debug)]
pub(crate) struct Fence<O, F> {
    shards: [Mutex<Shard<O, F>>; SHARDS],
    generation: Arc<Generation>,
}

const SHARDS: usize = 16;

#[derive(Debug)]
struct Shard<O, F> {
    rows: HashTable<Row<O, F>>,
    /// Rows that nobody has a seat at any more, but a write goes on at.
    lingering: usize,
}

impl<O, F> Default for Shard<O, F> {
    fn default() -> Self {
        Self { rows: HashTable::new(), lingering: 0 }
    }
}

#[derive(Debug)]
struct Row<O, F> {
    key: Key<O>,
    cell: Arc<Cell<F>>,
    seats: usize,
}

impl<O, F> Row<O, F> {
    /// Whether nothing goes on here.
    fn is_idle(&self) -> bool {
        self.seats == 0 && lock(&self.cell.state).writing().is_none()
    }
}

impl<O: Eq, F: Default> Fence<O, F> {
    pub(crate) fn new(generation: Arc<Generation>) -> Arc<Self> {
        Arc::new(Self { shards: std::array::from_fn(|_| Mutex::default()), generation })
    }

    /// Takes a seat at the cell of `key`, and looks at what is kept there in the same critical section.
    pub(crate) fn enter<T>(self: &Arc<Self>, key: &Key<O>, look: impl FnOnce(&mut F, Beginning) -> T) -> (Seat<O, F>, T)
    where
        O: Clone,
    {
        let cell = self.cell(key.clone());
        let mut state = lock(&cell.state);
        state.catch_up();
        state.seats += 1;
        let began = Began { token: self.token(&state), number: state.seats };
        let beginning = Beginning { began, replaced: state.overwrote.max(state.passed) };
        let seen = look(&mut state.extra, beginning);
        drop(state);
        (Seat { fence: Arc::clone(self), cell, hash: key.hash, began, after: None }, seen)
    }

    /// Whether something is going on at a key of this hash.
    pub(crate) fn has(&self, hash: u64) -> bool {
        self.shard(hash).rows.find(hash, |row| row.key.hash == hash).is_some()
    }

    /// Waits until no write that was admitted before now is going on anywhere.
    pub(crate) async fn quiet(&self) {
        for cell in self.cells() {
            cell.quiet().await;
        }
    }

    /// Gives up waiting for the writes that are going on: they will undo what they did.
    pub(crate) fn overtake(&self) -> Vec<Overtaken> {
        self.cells().iter().filter_map(|cell| lock(&cell.state).overtake()).collect()
    }

    fn cells(&self) -> Vec<Arc<Cell<F>>> {
        let mut cells = Vec::new();
        for shard in &self.shards {
            cells.extend(lock(shard).rows.iter().map(|row| Arc::clone(&row.cell)));
        }
        cells
    }

    fn cell(&self, key: Key<O>) -> Arc<Cell<F>> {
        // What is left over is dropped after the lock: the idle rows, and the key if it stands in a row already.
        let mut key = Some(key);
        let hash = key.as_ref().map_or(0, |key| key.hash);
        let mut shard = self.shard(hash);
        let idle = shard.take_idle();
        let cell = shard.cell(hash, &mut key);
        drop(shard);
        drop((idle, key));
        cell
    }
}

impl<O: Eq, F: Default> Shard<O, F> {
    /// The cell of a key, which is taken only if it is new.
    fn cell(&mut self, hash: u64, key: &mut Option<Key<O>>) -> Arc<Cell<F>> {
        if let Some(row) = self.rows.find_mut(hash, |row| key.as_ref() == Some(&row.key)) {
            self.lingering -= usize::from(row.seats == 0);
            row.seats += 1;
            return Arc::clone(&row.cell);
        }
        let cell = Arc::new(Cell { state: Mutex::default(), settled: Event::new() });
        if let Some(key) = key.take() {
            self.rows.insert_unique(hash, Row { key, cell: Arc::clone(&cell), seats: 1 }, |row| row.key.hash);
        }
        cell
    }
}

impl<O, F> Shard<O, F> {
    /// Takes out the rows at which the last write has ended meanwhile. Their keys are dropped where no lock is held.
    fn take_idle(&mut self) -> Vec<Row<O, F>> {
        if self.lingering == 0 {
            return Vec::new();
        }
        let idle: Vec<_> = self.rows.extract_if(|row| row.is_idle()).collect();
        self.lingering -= idle.len();
        idle
    }
}

impl<O, F> Fence<O, F> {
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<O, F>> {
        // The low bits choose the bucket.
        lock(&self.shards[(hash >> 32) as usize % SHARDS])
    }

    fn token(&self, state: &cell::State<F>) -> Token {
        Token { epoch: state.epoch, generation: self.generation.current() }
    }

    /// Gives up a seat; and with the last one the cell, unless a write goes on, which others must still wait for.
    fn leave(&self, hash: u64, cell: &Arc<Cell<F>>) {
        let mut shard = self.shard(hash);
        let Ok(mut row) = shard.rows.find_entry(hash, |row| Arc::ptr_eq(&row.cell, cell)) else { return };
        row.get_mut().seats -= 1;
        if row.get().seats > 0 {
            return;
        }
        let gone = row.get().is_idle().then(|| row.remove().0);
        shard.lingering += usize::from(gone.is_none());
        drop(shard);
        drop(gone);
    }
}
