//! Stores that keep no more than they may.

mod index;
mod inner;
mod life;
mod limits;
mod order;
mod resident;
mod space;

use std::{borrow::Cow, fmt, time::SystemTime};

use index::Index;
use inner::Inner;
pub use limits::{Eviction, Limits};
use space::Asked;

use crate::{
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned},
    clock::Clock,
    error::Result,
    stats::Counter,
    sync::Arc,
};

/// A store that keeps, of each namespace, no more than its [`Limits`]: what has to make room is removed first, so
/// that the store never holds more of what this process has put. For one process; others that use the store have
/// limits of their own.
///
/// What is in the store is known from an index in memory, of some hundred bytes for each entry. It is filled by a walk
/// through the namespace before the first put or sweep, oldest first by the time of writing; where the store can't
/// [`scan`](Backend::scan), the limits concern what this process puts. Entries that others put are met when they are
/// got, and those that others removed are forgotten then. A sweep, which caches do every five minutes, walks
/// again if the store does not have as many entries as are known.
///
/// What is larger than the limit of bytes is not put: that is an error of kind [`Kind::TooLarge`](crate::error::Kind::TooLarge), which a cache
/// counts in [`refusals`](crate::stats::Stats::refusals) and does not report; what was under the key before is removed.
/// Entries that make room are counted in [`evictions`](crate::stats::Stats::evictions) if the cache was told of
/// the limits, by its URL or arguments, and in [`evictions`](Self::evictions) in any case. An entry past its age, or
/// that was got too seldom, is not got any more, and removed by the next put or sweep.
///
/// Its clones are the same view of the store.
///
/// ```
/// # #[cfg(feature = "file")] {
/// use cacher_core::{backend::file::Files, wrap::limited::{Limited, Limits}};
///
/// let store = Limited::new(Files::new("./.cache"), Limits::new().entries(10_000))?;
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Limited(Arc<Inner>);

/// Hears how many entries had to make room.
pub(crate) type Told = Arc<dyn Fn(u64) + Send + Sync>;

impl Limited {
    /// Limits a backend.
    ///
    /// # Errors
    /// [`Kind::Invalid`](crate::error::Kind::Invalid) if a limit is zero, or nothing has to make room in the order that is said;
    /// [`Kind::Unsupported`](crate::error::Kind::Unsupported) for a limit of the process's memory where that is not known.
    pub fn new(backend: impl Backend, limits: Limits) -> Result<Self> {
        Self::shared(Arc::new(backend), limits)
    }

    /// The same for a backend that is in use elsewhere too.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn shared(backend: Arc<dyn Backend>, limits: Limits) -> Result<Self> {
        Self::telling(backend, limits, Clock::current(), Arc::new(|_| {}))
    }

    pub(crate) fn telling(store: Arc<dyn Backend>, limits: Limits, clock: Clock, told: Told) -> Result<Self> {
        limits.check().map_err(|error| error.within(store.describe()))?;
        let (index, evictions) = (Index::new(limits), Counter::default());
        Ok(Self(Arc::new(Inner { store, limits, index, clock, evictions, told, resident: resident::bytes })))
    }

    /// How many entries had to make room for others, of all namespaces.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.0.evictions.get()
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited").field("store", &self.describe()).field("limits", &self.0.limits).finish()
    }
}

impl Backend for Limited {
    fn describe(&self) -> String {
        self.0.store.describe()
    }

    /// A read neither removes anything nor walks.
    fn cost(&self) -> Cost {
        self.0.store.cost()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.store.capabilities().of_plain_form()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        match self.0.ask(key) {
            Asked::Gone => Ok(None),
            asked => Ok(self.0.noted(key, asked, self.0.store.get(key)?)),
        }
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.0.put(key, entry.len(), || self.0.store.put(key, entry, expires).map(|()| true)).map(drop)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.0.remove(key)
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let entries = self.0.store.get_many(keys)?;
        Ok(keys.iter().zip(entries).map(|(key, entry)| self.0.noted(key, self.0.ask(key), entry)).collect())
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        if self.0.put_all(entries)? {
            return Ok(());
        }
        entries.iter().try_for_each(|put| self.put(&put.key, &put.entry, put.expires))
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        self.0.put(key, entry.len(), || self.0.store.put_if_absent(key, entry, expires))
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.0.store.touch(key, expires)
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        self.0.store.written(key)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        let namespace = Arc::from(namespace);
        let by = self.0.index.turn(&namespace);
        let cleared = self.0.store.clear(&namespace)?;
        self.0.index.forget_all(&namespace, by);
        Ok(cleared)
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        self.0.store.scan(namespace, visit)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.0.store.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.0.store.len(namespace)
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let namespace = Arc::from(namespace);
        self.0.fill(&namespace)?;
        let due = self.0.index.take_due(&namespace, self.0.now().tick);
        let gone = due.len() as u64;
        self.0.expel(&namespace, due)?;
        let swept = self.0.store.sweep(&namespace, now)?;
        self.0.check_count(&namespace)?;
        let surplus = self.0.index.take_surplus(&namespace);
        self.0.expel(&namespace, surplus)?;
        Ok(gone + swept)
    }

    fn format(&self) -> Cow<'static, str> {
        self.0.store.format()
    }

    fn has_own_format(&self) -> bool {
        self.0.store.has_own_format()
    }
}
