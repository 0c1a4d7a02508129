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
//! there is [tentative](Seat::tentative): it is written only if nothing else was since.
//!
//! The second move matters: a load that began between the two may have read the old value from a store that was not
//! emptied yet. `tests/fence_model` walks through all interleavings, and shows which weaker protocols fail.
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

#[derive(Debug)]
struct Cell<F> {
    state: Mutex<State<F>>,
}

#[derive(Debug, Default)]
struct State<F> {
    epoch: u64,
    /// Invalidations that are going on.
    closed: usize,
    /// Overwrites that are going on.
    overwriting: usize,
    /// How many seats were taken, and some numbers passed over.
    seats: u64,
    /// No seat of a lower number writes any more.
    wrote: u64,
    /// No seat of a lower number overwrites any more.
    overwrote: u64,
    write: Option<Arc<Write>>,
    extra: F,
}

/// A write to the stores that was admitted.
#[derive(Debug, Default)]
struct Write {
    /// Whether it puts a newer value in place of an older one.
    overwrites: bool,
    done: AtomicBool,
    /// Somebody has given up waiting for it.
    overtaken: AtomicBool,
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

    /// Begins a write, unless there is one already.
    fn write(&mut self, overwrites: bool) -> Result<Admitted, Arc<Write>> {
        if let Some(other) = self.writing() {
            return Err(other);
        }
        let write = Arc::new(Write { overwrites, ..Write::default() });
        self.write = Some(Arc::clone(&write));
        Ok(Admitted(write))
    }

    /// Lets nothing that has a seat by now write any more.
    fn pass_over(&mut self) {
        self.seats += 1;
        self.wrote = self.seats;
    }

    /// Notes the end of an overwrite in the stores, also of one whose caller has gone: who had a seat while it went on
    /// may have read what it replaced.
    fn catch_up(&mut self) {
        if self.write.take_if(|write| write.overwrites && write.done.load(Ordering::SeqCst)).is_some() {
            self.pass_over();
        }
    }

    /// Whether a newer value is just being put here.
    fn is_overwritten(&self) -> bool {
        self.overwriting > 0 || self.writing().is_some_and(|write| write.overwrites)
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
        state.catch_up();
        state.seats += 1;
        let (token, number) = (self.token(&state), state.seats);
        let seen = look(&mut state.extra, token);
        drop(state);
        (Seat { fence: Arc::clone(self), cell, hash: key.hash, token, number, after: None }, seen)
    }

    /// Waits until no write that was admitted before now is going on anywhere.
    pub(crate) async fn quiet(&self) {
        for cell in self.cells() {
            cell.quiet().await;
        }
    }

    /// Gives up waiting for the writes that are going on: they will undo what they did.
    pub(crate) fn overtake(&self) {
        for cell in self.cells() {
            lock(&cell.state).overtake();
        }
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
        let cell = Arc::new(Cell { state: Mutex::default() });
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

    fn token(&self, state: &State<F>) -> Token {
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

impl<F> Cell<F> {
    /// Waits until the write that is going on has ended.
    async fn quiet(&self) {
        let writing = lock(&self.state).writing();
        if let Some(write) = writing {
            write.wait().await;
        }
    }
}

impl<F> State<F> {
    fn overtake(&self) {
        if let Some(write) = self.writing() {
            write.overtaken.store(true, Ordering::SeqCst);
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
    /// What must still be the last that wrote.
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

    /// For a change to what stands there now: it is written only if nothing else was before it.
    pub(crate) fn tentative(mut self) -> Self {
        let mut state = lock(&self.cell.state);
        state.catch_up();
        self.after = Some(state.wrote);
        drop(state);
        self
    }

    /// Whether nothing has invalidated what the seat is for.
    fn is_current(&self, state: &State<F>) -> bool {
        state.closed == 0 && !self.fence.generation.is_closed() && self.token == self.fence.token(state)
    }

    fn may_write(&self, state: &mut State<F>) -> bool {
        state.catch_up();
        let is_latest = self.after.map_or(state.wrote <= self.number, |after| after == state.wrote);
        is_latest && !state.is_overwritten() && self.is_current(state)
    }

    fn may_overwrite(&self, state: &State<F>) -> bool {
        state.overwrote <= self.number && self.is_current(state)
    }

    fn note_write(&self, state: &mut State<F>) {
        if self.after.is_none() {
            state.wrote = self.number;
        }
    }

    /// Waits for its turn to write to the stores; `None` if the value is out of date.
    pub(crate) async fn admit(&self) -> Option<Admitted> {
        loop {
            let other = {
                let mut state = lock(&self.cell.state);
                if !self.may_write(&mut state) {
                    return None;
                }
                match state.write(false) {
                    Ok(admitted) => {
                        self.note_write(&mut state);
                        return Some(admitted);
                    }
                    Err(other) => other,
                }
            };
            other.wait().await;
        }
    }

    /// Runs `insert` while nothing can invalidate the value; `None` if something already has. `insert` must neither
    /// wait nor run code of the user, nor drop anything of the user's, itself included.
    pub(crate) fn publish<T>(&self, insert: impl FnOnce() -> T) -> Option<T> {
        let mut state = lock(&self.cell.state);
        if self.may_write(&mut state) {
            self.note_write(&mut state);
            return Some(insert());
        }
        // What `insert` holds is dropped after the lock.
        drop(state);
        None
    }

    /// Begins to put a newer value there; `None` if something has invalidated that value, or a still newer one came.
    pub(crate) fn overwrite(&self) -> Option<Overwriting<'_, O, F>> {
        let mut state = lock(&self.cell.state);
        let may = self.may_overwrite(&state);
        state.overwriting += usize::from(may);
        drop(state);
        may.then(|| Overwriting { seat: self })
    }
}

impl<O, F: Default> Seat<O, F> {
    /// Begins an invalidation: moves the epoch on, and closes the key until [`Closed::finish`].
    pub(crate) fn close(&self) -> Closed<'_, O, F> {
        let forgotten = lock(&self.cell.state).close();
        drop(forgotten);
        Closed { seat: self }
    }
}

impl<F: Default> State<F> {
    /// What was kept here comes back, to be dropped where no lock is held.
    fn close(&mut self) -> F {
        self.epoch += 1;
        self.closed += 1;
        std::mem::take(&mut self.extra)
    }
}

/// A write that may go on to the stores. Dropped when they have answered.
#[derive(Debug)]
pub(crate) struct Admitted(Arc<Write>);

impl Admitted {
    /// Whether somebody has given up waiting for this write, so that it must be undone.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.0.overtaken.load(Ordering::SeqCst)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.done.store(true, Ordering::SeqCst);
        self.0.quiet.notify(usize::MAX);
    }
}

/// A key at which nothing else is written. Dropping it opens the key again, with the epoch moved on.
#[derive(Debug)]
pub(crate) struct Closed<'a, O, F: Default> {
    seat: &'a Seat<O, F>,
}

impl<O, F: Default> Closed<'_, O, F> {
    /// Waits for the write that was admitted before.
    pub(crate) async fn quiet(&self) {
        self.seat.cell.quiet().await;
    }

    /// Gives up waiting for it: it will undo what it did.
    pub(crate) fn overtake(&self) {
        lock(&self.seat.cell.state).overtake();
    }

    /// Moves the epoch on again, and removes the entry from memory in the same critical section. `remove` must neither
    /// wait nor run code of the user.
    pub(crate) fn finish<T>(self, remove: impl FnOnce() -> T) -> T {
        let mut state = lock(&self.seat.cell.state);
        state.epoch += 1;
        remove()
    }
}

impl<O, F: Default> Drop for Closed<'_, O, F> {
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

/// A newer value on its way. Nothing else is written at its key until this is dropped.
#[derive(Debug)]
pub(crate) struct Overwriting<'a, O, F> {
    seat: &'a Seat<O, F>,
}

impl<O, F> Overwriting<'_, O, F> {
    /// Waits for its turn to write to the stores; `None` as for [`Seat::overwrite`].
    pub(crate) async fn admit(&self) -> Option<Admitted> {
        loop {
            let other = {
                let mut state = lock(&self.seat.cell.state);
                state.catch_up();
                if !self.seat.may_overwrite(&state) {
                    return None;
                }
                match state.write(true) {
                    Ok(admitted) => {
                        state.overwrote = self.seat.number;
                        return Some(admitted);
                    }
                    Err(other) => other,
                }
            };
            other.wait().await;
        }
    }

    /// Runs `insert` while nothing can invalidate the value; `None` as for [`Seat::overwrite`]. The same goes for
    /// `insert` as with [`Seat::publish`].
    pub(crate) fn publish<T>(self, insert: impl FnOnce() -> T) -> Option<T> {
        let mut state = lock(&self.seat.cell.state);
        if self.seat.may_overwrite(&state) {
            state.overwrote = self.seat.number;
            state.pass_over();
            return Some(insert());
        }
        drop(state);
        None
    }
}

impl<O, F> Drop for Overwriting<'_, O, F> {
    fn drop(&mut self) {
        let mut state = lock(&self.seat.cell.state);
        state.overwriting -= 1;
        state.pass_over();
    }
}
