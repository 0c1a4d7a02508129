//! The store `memory://?format=..`: sealed bytes in memory.

use std::{borrow::Cow, collections::HashMap, time::SystemTime};

use super::{Backend, Capabilities, Cost, Key, Scanned, url::Url};
use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, AtomicU64, Mutex, Ordering, global, lock},
};

/// Entries in memory as a store keeps them: encoded, sealed and told apart like on disk, and gone with the process.
///
/// For tests of formats, and for values that are costly to clone but quick to decode. Its clones are the same store;
/// each [`new`](Self::new) and each URL is one of its own. It has no bound: what expires is swept.
///
/// ```
/// use cacher_core::backend::{Backend, bytes::Bytes};
///
/// let bytes = Bytes::new().format("json");
/// assert_eq!(Backend::format(&bytes), "json");
/// let others = Bytes::from_url("memory://?format=json")?;
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Bytes {
    spaces: Arc<Mutex<HashMap<Arc<str>, Space>>>,
    /// Tells one store of the process from another.
    number: u64,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
    /// The one to take where none was.
    preferred: Cow<'static, str>,
}

/// The entries of one namespace, by name and format.
type Space = HashMap<(Arc<str>, &'static str), Slot>;

#[derive(Debug)]
struct Slot {
    entry: Arc<[u8]>,
    expires: Option<SystemTime>,
    written: SystemTime,
}

impl Slot {
    fn new(entry: &[u8], expires: Option<SystemTime>) -> Self {
        Self { entry: entry.into(), expires, written: SystemTime::now() }
    }
}

impl Default for Bytes {
    fn default() -> Self {
        Self::new()
    }
}

impl Bytes {
    /// An empty store.
    pub fn new() -> Self {
        global! {
            static NUMBER: AtomicU64 = AtomicU64::new(1);
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self { spaces: Arc::default(), number, format: None, preferred: Cow::Borrowed("msgpack") }
    }

    /// The format of entries; by default `msgpack`.
    pub fn format(self, format: impl Into<Cow<'static, str>>) -> Self {
        Self { format: Some(format.into()), ..self }
    }

    /// The same store with the format of another one.
    pub(crate) fn in_format_of(self, store: &dyn Backend) -> Self {
        let format = store.has_own_format().then(|| store.format().into_owned().into());
        Self { format, preferred: store.format().into_owned().into(), ..self }
    }

    /// With a format that it only prefers.
    pub(crate) fn preferring(self, format: &'static str) -> Self {
        Self { preferred: Cow::Borrowed(format), ..self }
    }

    /// With whichever format is built in.
    pub(crate) fn preferring_any(self) -> Self {
        self.preferring(if cfg!(feature = "msgpack") { "msgpack" } else { "json" })
    }

    /// All entries, with their keys.
    pub(crate) fn entries(&self) -> Vec<(Key, Arc<[u8]>)> {
        let spaces = lock(&self.spaces);
        let entries = spaces.iter().flat_map(|(namespace, space)| {
            space.iter().map(|((name, format), slot)| {
                let key = Key { namespace: Arc::clone(namespace), name: Arc::clone(name), format };
                (key, Arc::clone(&slot.entry))
            })
        });
        entries.collect()
    }

    /// `memory://?format=json`.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::of(&Url::parse(url)?)
    }

    pub(crate) fn of(url: &Url<'_>) -> Result<Self> {
        url.only(&["format"])?;
        match url.parameters.as_slice() {
            [(_, format)] if url.scheme == "memory" && url.rest.is_empty() && !format.is_empty() => {
                Ok(Self::new().format(format.clone()))
            }
            _ => Err(Error::new(Kind::Invalid, "memory that keeps bytes is `memory://?format=msgpack`")),
        }
    }

    fn space<T>(&self, namespace: &str, act: impl FnOnce(&mut Space) -> T) -> Option<T> {
        lock(&self.spaces).get_mut(namespace).map(act)
    }

    fn slot<T>(&self, key: &Key, act: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        self.space(&key.namespace, |space| space.get_mut(&within(key)).map(act)).flatten()
    }
}

fn within(key: &Key) -> (Arc<str>, &'static str) {
    (Arc::clone(&key.name), key.format)
}

impl Backend for Bytes {
    fn describe(&self) -> String {
        format!("memory://?format={} (store {} of this process)", Backend::format(self), self.number)
    }

    fn cost(&self) -> Cost {
        Cost::InPlace
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            put_if_absent: true,
            touch: true,
            clear: true,
            scan: true,
            written: true,
            ..Capabilities::default()
        }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(self.slot(key, |slot| Arc::clone(&slot.entry)).map(|entry| entry.to_vec()))
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let slot = Slot::new(entry, expires);
        lock(&self.spaces).entry(Arc::clone(&key.namespace)).or_default().insert(within(key), slot);
        Ok(())
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        Ok(self.space(&key.namespace, |space| space.remove(&within(key)).is_some()).unwrap_or(false))
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let mut spaces = lock(&self.spaces);
        let space = spaces.entry(Arc::clone(&key.namespace)).or_default();
        let absent = !space.contains_key(&within(key));
        if absent {
            space.insert(within(key), Slot::new(entry, expires));
        }
        Ok(absent)
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        Ok(self.slot(key, |slot| slot.expires = expires).is_some())
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        Ok(self.slot(key, |slot| slot.written))
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        let removed = lock(&self.spaces).remove(namespace);
        Ok(removed.map_or(0, |space| space.len() as u64))
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let seen =
            |((name, format), slot): (&(Arc<str>, _), &Slot)| (Arc::clone(name), *format, Arc::clone(&slot.entry));
        let entries = self.space(namespace, |space| space.iter().map(seen).collect::<Vec<_>>());
        let namespace: Arc<str> = namespace.into();
        // Visited where no lock is held.
        entries.unwrap_or_default().into_iter().all(|(name, format, entry)| {
            visit(Scanned::new(Key { namespace: Arc::clone(&namespace), name, format }, entry.to_vec()))
        });
        Ok(())
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        Ok(self.space(namespace, |space| space.len() as u64).unwrap_or(0))
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let swept = self.space(namespace, |space| {
            let before = space.len();
            space.retain(|_, slot| slot.expires.is_none_or(|time| time >= now));
            (before - space.len()) as u64
        });
        Ok(swept.unwrap_or(0))
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.as_ref().unwrap_or(&self.preferred).clone()
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
