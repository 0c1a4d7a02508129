//! Entries that are moved aside when they have expired.

use std::{borrow::Cow, fmt, time::SystemTime};

use super::Report;
use crate::{
    backend::{Backend, Capabilities, Cost, Key, Scanned},
    clock::Clock,
    entry::Stamp,
    envelope,
    error::Result,
    sync::Arc,
};

/// A store in which an expired entry is moved aside before a new one takes its place.
///
/// It stands then in the namespace `<namespace>@@archive`, under its name and the time when it was stored, as
/// milliseconds since the Unix epoch: `<name>-1700000000000`. What replaces a fresh entry just replaces it, and what
/// is removed or cleared is not moved. Expired entries are not swept, for each may still be moved; nor is the archive
/// ever, unless you [clear](Self::clear_archive) it.
///
/// ```
/// # #[cfg(feature = "file")] {
/// use cacher_core::{backend::file::Files, wrap::archived::Archived};
///
/// let store = Archived::new(Files::new("./.cache"));
/// # }
/// ```
pub struct Archived {
    inner: Arc<dyn Backend>,
    clock: Clock,
    report: Report,
}

impl Archived {
    /// Moves aside what has expired in `backend`.
    pub fn new(backend: impl Backend) -> Self {
        Self::shared(Arc::new(backend))
    }

    /// The same for a backend that is in use elsewhere too.
    pub fn shared(backend: Arc<dyn Backend>) -> Self {
        Self::reporting(backend, Clock::current(), super::reported_by_namespace())
    }

    pub(crate) fn reporting(backend: Arc<dyn Backend>, clock: Clock, report: Report) -> Self {
        Self { inner: backend, clock, report }
    }

    /// Shows every entry that was moved aside in a namespace to `visit`, in any order, until it returns `false`.
    ///
    /// # Errors
    /// Those of [`scan`](Backend::scan).
    pub fn scan_archive(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        self.inner.scan(&space(namespace), visit)
    }

    /// Removes what was moved aside in a namespace; returns how many entries.
    ///
    /// # Errors
    /// Those of [`clear`](Backend::clear).
    pub fn clear_archive(&self, namespace: &str) -> Result<u64> {
        self.inner.clear(&space(namespace))
    }

    fn move_aside(&self, key: &Key) -> Result<()> {
        let Some(entry) = self.inner.get(key)? else { return Ok(()) };
        match envelope::inspect(&entry) {
            Some(header) if header.times.fresh_until <= self.clock.stamp() => {
                self.inner.put(&aside(key, header.times.created), &entry, None)
            }
            _ => Ok(()),
        }
    }
}

/// Where what was moved aside is. No namespace of a function holds two `@` in a row.
fn space(namespace: &str) -> String {
    format!("{namespace}@@archive")
}

fn aside(key: &Key, created: Stamp) -> Key {
    Key { namespace: space(&key.namespace).into(), name: format!("{}-{}", key.name, created.0).into(), ..key.clone() }
}

impl fmt::Debug for Archived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archived").field("store", &self.describe()).finish_non_exhaustive()
    }
}

impl Backend for Archived {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    /// Nothing vanishes before it is moved.
    fn capabilities(&self) -> Capabilities {
        Capabilities { expires: false, written: false, ..self.inner.capabilities() }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.inner.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        if let Err(error) = self.move_aside(key) {
            (self.report)(key, error.within(self.describe()));
        }
        self.inner.put(key, entry, None)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.inner.remove(key)
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.inner.get_many(keys)
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        self.inner.remove_many(keys)
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<bool> {
        self.inner.put_if_absent(key, entry, None)
    }

    fn touch(&self, key: &Key, _expires: Option<SystemTime>) -> Result<bool> {
        self.inner.touch(key, None)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.inner.clear(namespace)
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        self.inner.scan(namespace, visit)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.inner.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.inner.len(namespace)
    }

    fn format(&self) -> Cow<'static, str> {
        self.inner.format()
    }
}
