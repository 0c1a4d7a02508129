//! Stores that keep no more than they may.

mod index;
mod life;
mod limits;
mod order;
mod resident;
mod space;

use std::{borrow::Cow, fmt, time::SystemTime};

use index::{Index, Reserved};
pub use limits::{Eviction, Limits};
use space::{Asked, Found, Victim};

use crate::{
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned},
    clock::Clock,
    entry::Stamp,
    envelope,
    error::{Error, Kind, Result},
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
/// What is larger than the limit of bytes is not put: that is an error of kind [`Kind::TooLarge`], which a cache
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

struct Inner {
    store: Arc<dyn Backend>,
    limits: Limits,
    index: Index,
    clock: Clock,
    evictions: Counter,
    told: Told,
    resident: fn() -> Option<u64>,
}

/// Hears how many entries had to make room.
pub(crate) type Told = Arc<dyn Fn(u64) + Send + Sync>;

impl Limited {
    /// Limits a backend.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if a limit is zero, or nothing has to make room in the order that is said;
    /// [`Kind::Unsupported`] for a limit of the process's memory where that is not known.
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

impl Inner {
    fn now(&self) -> life::Now {
        life::Now { tick: self.clock.tick(), stamp: self.clock.stamp() }
    }

    /// The key that the index knows.
    fn shown(&self, key: &Key) -> Key {
        self.store.shown(key).into_owned()
    }

    /// Sees to it that the index knows what was there before.
    fn fill(&self, namespace: &Arc<str>) -> Result<()> {
        self.index.fill_once(namespace, || self.walk(namespace), || self.now())
    }

    fn walk(&self, namespace: &str) -> Result<Vec<Found>> {
        let mut all = Vec::new();
        let walked = self.store.scan(namespace, &mut |scanned| {
            let written = scanned.written.map(Stamp::from).or_else(|| created(&scanned.entry));
            all.push(Found { size: scanned.size(), name: (scanned.key.name, scanned.key.format), written });
            true
        });
        match walked {
            Err(error) if error.kind() == Kind::Unsupported => Ok(Vec::new()),
            walked => walked.map(|()| all),
        }
    }

    /// Does what puts an entry, when there is room for it. It says whether the entry was put.
    fn put(&self, key: &Key, size: usize, put: impl FnOnce() -> Result<bool>) -> Result<bool> {
        let (known, size) = (self.shown(key), size as u64);
        if self.is_too_large(size) {
            self.remove(key)?;
            return Err(self.too_large(size));
        }
        self.fill(&known.namespace)?;
        self.shrink(&known)?;
        let (reserved, victims) = self.index.reserve(&known, size, || self.now());
        self.expel(&known.namespace, victims)?;
        let done = put()?;
        if done {
            reserved.filled(self.now());
        } else {
            drop(reserved);
            self.noted(key, Asked::Unknown, self.store.get(key)?);
        }
        Ok(done)
    }

    fn is_too_large(&self, size: u64) -> bool {
        self.limits.bytes.is_some_and(|most| size > most)
    }

    fn too_large(&self, size: u64) -> Error {
        let most = self.limits.bytes.unwrap_or(u64::MAX);
        Error::new(Kind::TooLarge, format!("the entry has {size} bytes, and all together may have {most}"))
    }

    /// Removes entries until the process is small enough, but at most a quarter of them.
    fn shrink(&self, putting: &Key) -> Result<()> {
        let Some(most) = self.limits.process_memory else { return Ok(()) };
        let space = &putting.namespace;
        let mut left = self.index.len(space).div_ceil(4);
        while left > 0 && (self.resident)().is_some_and(|bytes| bytes > most) {
            let Some(victim) = self.index.take_first(space) else { break };
            self.expel(space, vec![victim])?;
            left -= 1;
        }
        Ok(())
    }

    /// Removes what has to go. What the store will not remove is kept in the index, and so is all after it.
    fn expel(&self, namespace: &Arc<str>, victims: Vec<Victim>) -> Result<()> {
        let (mut evicted, mut outcome) = (0, Ok(()));
        let mut victims = index::Returning::new(&self.index, namespace, victims, self.now());
        while let Some(victim) = victims.first() {
            let (name, format) = victim.name.clone();
            let key = Key { namespace: Arc::clone(namespace), name, format };
            if let Err(error) = self.store.remove(&key) {
                outcome = Err(error);
                break;
            }
            evicted += u64::from(victim.evicted);
            victims.done();
        }
        drop(victims);
        if evicted > 0 {
            self.evictions.add(evicted);
            (self.told)(evicted);
        }
        outcome
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        let known = self.shown(key);
        let put_at = self.index.put_at(&known);
        let removed = self.store.remove(key)?;
        if let Some(put_at) = put_at {
            self.index.forget(&known, put_at);
        }
        Ok(removed)
    }

    /// What the store has of an entry, by what the index knows of it.
    fn noted(&self, key: &Key, asked: Asked, entry: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match (asked, &entry) {
            (Asked::Gone, _) => return None,
            (Asked::Known(put_at), None) => self.index.forget(&self.shown(key), put_at),
            (Asked::Unknown, Some(bytes)) => {
                // Whose age does not matter need not be opened.
                let written = self.limits.age.and_then(|_| created(bytes));
                let known = self.shown(key);
                let found = Found { name: (known.name, known.format), size: bytes.len() as u64, written };
                if !self.index.meet(&known.namespace, found, self.now()) {
                    return None;
                }
            }
            _ => {}
        }
        entry
    }

    fn ask(&self, key: &Key) -> Asked {
        self.index.ask(&self.shown(key), self.now())
    }

    /// Puts all at once, if there is room for all; else nothing.
    fn put_all(&self, entries: &[Put]) -> Result<bool> {
        let fit = entries.iter().all(|put| !self.is_too_large(put.entry.len() as u64));
        if !fit || self.limits.process_memory.is_some() {
            return Ok(false);
        }
        let keys: Vec<_> = entries.iter().map(|put| (self.shown(&put.key), put.entry.len() as u64)).collect();
        for (key, _) in &keys {
            self.fill(&key.namespace)?;
        }
        let mut reserved: Vec<Reserved<'_>> = Vec::new();
        for (key, size) in &keys {
            let (room, victims) = self.index.try_reserve(key, *size, self.now());
            self.expel(&key.namespace, victims)?;
            let Some(room) = room else { return Ok(false) };
            reserved.push(room);
        }
        self.store.put_many(entries)?;
        let now = self.now();
        for room in reserved {
            room.filled(now);
        }
        Ok(true)
    }

    /// Walks again if others have put or removed entries.
    fn check_count(&self, namespace: &Arc<str>) -> Result<()> {
        let there = match self.store.len(namespace) {
            Err(error) if error.kind() == Kind::Unsupported => return Ok(()),
            there => there?,
        };
        if there != self.index.len(namespace) {
            let began = self.index.turn(namespace);
            let found = self.walk(namespace)?;
            self.index.learn(namespace, found, began, self.now());
        }
        Ok(())
    }
}

/// When the value in an entry was stored.
fn created(entry: &[u8]) -> Option<Stamp> {
    envelope::inspect(entry).map(|header| header.times.created)
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
        self.0.store.capabilities()
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
