//! Writes that nobody waits for.

mod all;
mod lost;
mod options;
mod queue;
mod writer;

use std::{borrow::Cow, fmt, time::SystemTime};

pub use all::{Guard, shutdown, shutdown_async, shutdown_within};
pub use lost::Lost;
pub use options::{Background, WhenFull};

use super::Report;
use crate::{
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned},
    bridge::{self, Shell},
    clock::Clock,
    error::Result,
    sync::Arc,
};
use queue::Change;
use writer::Writer;

/// A store whose writes wait in a queue in memory, and go there in batches: a `put` costs no more than that.
///
/// In this process an entry is found as soon as it was put; other processes find it when it was written. A removal
/// drops what waits for its key, waits for what is being written, and is done when it returns, as is `clear`. At most
/// one write of a key waits: a later one takes its place. `len`, `scan`, `sweep`, `touch` and `put_if_absent` write
/// first what waits.
///
/// What waits is lost if the process dies, and then the store has what it had before. Before the process ends call
/// [`flush`](Self::flush) or [`close`](Self::close), or [`shutdown`] for all, or hold a [`Guard`]. An entry that the
/// store refuses is lost as well, and reported as a fault; what the store had of its key before is removed.
///
/// Its clones share the queue.
///
/// ```
/// # #[cfg(feature = "file")] {
/// use cacher_core::{backend::file::Files, wrap::background::{Background, Backgrounded}};
///
/// let files = Backgrounded::new(Files::new("./.cache"));
/// let larger = Backgrounded::with(Files::new("./.cache"), Background::new().capacity(100_000));
/// # }
/// ```
#[derive(Clone)]
pub struct Backgrounded(Arc<Writer>);

impl Backgrounded {
    /// Writes to `backend` in the background, as [`Background::new`] says.
    pub fn new(backend: impl Backend) -> Self {
        Self::with(backend, Background::new())
    }

    /// The same, as `options` say.
    pub fn with(backend: impl Backend, options: Background) -> Self {
        Self::shared(Arc::new(backend), options)
    }

    /// The same for a backend that is in use elsewhere too, where what waits is not seen.
    pub fn shared(backend: Arc<dyn Backend>, options: Background) -> Self {
        Self::reporting(backend, options, Clock::current(), super::reported_by_namespace())
    }

    pub(crate) fn reporting(backend: Arc<dyn Backend>, options: Background, clock: Clock, report: Report) -> Self {
        let writer = Writer::new(backend, options, clock, report);
        all::add(&writer);
        Self(writer)
    }

    /// Writes all that waits now, and returns when the store has answered. Blocks.
    ///
    /// # Errors
    /// [`Lost`] if the store did not take an entry since this was last asked.
    pub fn flush(&self) -> std::result::Result<(), Lost> {
        self.0.flush()
    }

    /// Writes all that waits, as [`flush`](Self::flush) does, and lets later writes go to the store at once.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn close(&self) -> std::result::Result<(), Lost> {
        self.0.close()
    }

    /// [`flush`](Self::flush) for async code: a worker thread waits for the store, and the executor does not. Dropped
    /// half-way, it goes on there.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn flush_async(&self) -> std::result::Result<(), Lost> {
        let background = self.clone();
        bridge::run(Shell::Async, false, move || background.flush()).await
    }

    /// [`close`](Self::close) for async code, as [`flush_async`](Self::flush_async) is.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn close_async(&self) -> std::result::Result<(), Lost> {
        let background = self.clone();
        bridge::run(Shell::Async, false, move || background.close()).await
    }

    /// How many writes and removals wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.state().queue.len()
    }

    /// What is still to be done with an entry, which readers find done.
    fn queued(&self, key: &Key) -> Option<Change> {
        self.0.state().queue.change(key).cloned()
    }

    /// Drops what waits in a namespace, and waits for what is being written there; returns its keys, which readers
    /// don't find until that is said to be finished, and whether entries waited.
    fn drop_waiting(&self, namespace: &str) -> Vec<(Key, bool)> {
        let mut state = self.0.state();
        while state.queue.is_started_in(namespace) {
            state = self.0.wait(state);
        }
        state.queue.start_removals(namespace)
    }
}

impl fmt::Debug for Backgrounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backgrounded").field("store", &self.describe()).finish_non_exhaustive()
    }
}

impl Backend for Backgrounded {
    fn describe(&self) -> String {
        self.0.inner.describe()
    }

    /// A write may have to wait for room.
    fn cost(&self) -> Cost {
        match self.0.inner.cost() {
            Cost::Blocking => Cost::Blocking,
            Cost::InPlace | Cost::ReadsInPlace => Cost::ReadsInPlace,
        }
    }

    /// Those of the store, but that what waits does not survive the process, and other processes don't see it.
    fn capabilities(&self) -> Capabilities {
        Capabilities { durable: false, shared: false, written: false, ..self.0.inner.capabilities().of_plain_form() }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        match self.queued(key) {
            Some(change) => Ok(change.entry().map(<[u8]>::to_vec)),
            None => self.0.inner.get(key),
        }
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.0.put(key, entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        let (waited, removed) = self.0.change(key, Change::Remove, |inner| inner.remove(key));
        removed.map(|removed| removed || waited)
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let queued: Vec<_> = keys.iter().map(|key| self.queued(key)).collect();
        let asked = keys.iter().zip(&queued).filter(|(_, queued)| queued.is_none());
        let asked: Vec<_> = asked.map(|(key, _)| key.clone()).collect();
        let mut stored = self.0.inner.get_many(&asked)?.into_iter();
        let entries = queued.into_iter().map(|queued| match queued {
            Some(change) => change.entry().map(<[u8]>::to_vec),
            None => stored.next().flatten(),
        });
        Ok(entries.collect())
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        entries.iter().try_for_each(|put| self.put(&put.key, &put.entry, put.expires))
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        self.0.settle_key(key);
        self.0.inner.put_if_absent(key, entry, expires)
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.0.settle_key(key);
        self.0.inner.touch(key, expires)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        let (started, waited): (Vec<_>, Vec<_>) = self.drop_waiting(namespace).into_iter().unzip();
        let dropped = started.iter().zip(waited).filter(|(_, waited)| *waited).map(|(key, _)| key.clone());
        let dropped: Vec<_> = dropped.collect();
        let cleared = self.0.attempt(|inner| {
            let stored = if dropped.is_empty() { Vec::new() } else { inner.get_many(&dropped).unwrap_or_default() };
            let stored = stored.into_iter().flatten().count();
            Ok(inner.clear(namespace)? + (dropped.len() - stored) as u64)
        });
        self.0.finish(&started);
        cleared
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        self.0.settle();
        self.0.inner.scan(namespace, visit)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.0.inner.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.0.settle();
        self.0.inner.len(namespace)
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        self.0.settle();
        self.0.inner.sweep(namespace, now)
    }

    fn format(&self) -> Cow<'static, str> {
        self.0.inner.format()
    }
}
