//! A view of a store whose keys all begin alike.

use std::{borrow::Cow, time::SystemTime};

use crate::{
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned},
    error::Result,
    sync::Arc,
};

/// A part of a store: what is put through this view stands under a prefix there, and nothing else is seen of it.
///
/// The prefix stands before the namespace of each key, so `len`, `scan`, `clear` and `sweep` concern what this view
/// has put, and two views with different prefixes never meet. Nor do they meet what was put without a prefix,
/// unless that has a namespace which begins with this one: choose a prefix that no path of a function begins with,
/// like `staging.`.
///
/// ```
/// # #[cfg(feature = "msgpack")] {
/// use cacher_core::{backend::bytes::Bytes, wrap::prefixed::Prefixed};
///
/// let store = Bytes::new();
/// let staging = Prefixed::new(store.clone(), "staging.");
/// let production = Prefixed::new(store, "production.");
/// # }
/// ```
#[must_use]
pub struct Prefixed {
    inner: Arc<dyn Backend>,
    prefix: Cow<'static, str>,
}

impl Prefixed {
    /// The part of `backend` under `prefix`.
    pub fn new(backend: impl Backend, prefix: impl Into<Cow<'static, str>>) -> Self {
        Self::shared(Arc::new(backend), prefix)
    }

    /// The same of a backend that is in use elsewhere too.
    pub fn shared(backend: Arc<dyn Backend>, prefix: impl Into<Cow<'static, str>>) -> Self {
        Self { inner: backend, prefix: prefix.into() }
    }

    fn space(&self, namespace: &str) -> String {
        format!("{}{namespace}", self.prefix)
    }

    fn key(&self, key: &Key) -> Key {
        Key { namespace: self.space(&key.namespace).into(), ..key.clone() }
    }
}

impl std::fmt::Debug for Prefixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Prefixed").field(&self.describe()).finish()
    }
}

impl Backend for Prefixed {
    fn describe(&self) -> String {
        format!("{} under `{}`", self.inner.describe(), self.prefix)
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.inner.get(&self.key(key))
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.inner.put(&self.key(key), entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.inner.remove(&self.key(key))
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.inner.get_many(&keys.iter().map(|key| self.key(key)).collect::<Vec<_>>())
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        let entries: Vec<_> = entries.iter().map(|put| Put { key: self.key(&put.key), ..put.clone() }).collect();
        self.inner.put_many(&entries)
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        self.inner.remove_many(&keys.iter().map(|key| self.key(key)).collect::<Vec<_>>())
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        self.inner.put_if_absent(&self.key(key), entry, expires)
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.inner.touch(&self.key(key), expires)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.inner.clear(&self.space(namespace))
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let namespace: Arc<str> = namespace.into();
        self.inner.scan(&self.space(&namespace), &mut |mut scanned| {
            scanned.key.namespace = Arc::clone(&namespace);
            visit(scanned)
        })
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        let Key { name, format, .. } = self.inner.shown(&self.key(key)).into_owned();
        Cow::Owned(Key { namespace: Arc::clone(&key.namespace), name, format })
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.inner.len(&self.space(namespace))
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        self.inner.sweep(&self.space(namespace), now)
    }

    fn format(&self) -> Cow<'static, str> {
        self.inner.format()
    }

    fn has_own_format(&self) -> bool {
        self.inner.has_own_format()
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        self.inner.written(&self.key(key))
    }
}
