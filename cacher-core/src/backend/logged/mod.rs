//! A wrapper that tells of each operation of a backend.

mod record;
#[cfg(feature = "tracing")]
mod traced;

pub use record::{Outcome, Record};

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::SystemTime,
};

use super::{Backend, Capabilities, Cost, Key, Put, Scanned};
use crate::{
    clock::{Clock, Stopwatch},
    error::Result,
};

/// A backend whose operations are told to a sink, one [`Record`] each, after they are done.
///
/// Its results are those of the backend inside. The sink runs in the operation, on whatever thread does that; its
/// panics are ignored. It sees no values, and of arguments what is in the stored key.
///
/// ```
/// # #[cfg(feature = "file")] {
/// use cacher_core::backend::{file::Files, logged::Logged};
///
/// let logged = Logged::new(Files::new("./.cache"), |record| eprintln!("{record}"));
/// # }
/// ```
pub struct Logged {
    inner: Arc<dyn Backend>,
    store: String,
    sink: Box<dyn Fn(&Record<'_>) + Send + Sync>,
}

impl Logged {
    /// Tells of `backend` to `sink`.
    pub fn new(backend: impl Backend, sink: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        Self::shared(Arc::new(backend), sink)
    }

    /// The same for a backend that is in use elsewhere too; what others do with it is not told.
    pub fn shared(backend: Arc<dyn Backend>, sink: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        Self { store: backend.describe(), inner: backend, sink: Box::new(sink) }
    }

    /// Does something, and tells what `outcome` says of it.
    fn tell<T>(
        &self,
        (operation, namespace, key): (&'static str, &str, Option<&str>),
        act: impl FnOnce(&dyn Backend) -> Result<T>,
        outcome: impl FnOnce(&T) -> Outcome<'static>,
    ) -> Result<T> {
        let watch = Stopwatch::start(&Clock::current());
        let answer = act(&*self.inner);
        let time = watch.elapsed();
        let outcome = match &answer {
            Ok(answer) => outcome(answer),
            Err(error) => Outcome::Failed(error),
        };
        let record = Record { operation, store: &self.store, namespace, key, outcome, time };
        // What is logged must not change what is done.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.sink)(&record)));
        answer
    }
}

impl fmt::Debug for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Logged").field(&self.store).finish()
    }
}

/// What is done, and with which entry.
fn with<'a>(operation: &'static str, key: &'a Key) -> (&'static str, &'a str, Option<&'a str>) {
    (operation, &key.namespace, Some(&key.name))
}

/// What is done, and with entries of which namespace.
fn within<'a>(operation: &'static str, namespace: Option<&'a Arc<str>>) -> (&'static str, &'a str, Option<&'a str>) {
    (operation, namespace.map_or("", |namespace| namespace), None)
}

impl Backend for Logged {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let outcome =
            |entry: &Option<Vec<u8>>| entry.as_ref().map_or(Outcome::Absent, |entry| Outcome::Bytes(entry.len()));
        self.tell(with("get", key), |inner| inner.get(key), outcome)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.tell(with("put", key), |inner| inner.put(key, entry, expires), |()| Outcome::Bytes(entry.len()))
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.tell(with("remove", key), |inner| inner.remove(key), |removed| Outcome::Said(*removed))
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let place = within("get_many", keys.first().map(|key| &key.namespace));
        let found = |entries: &Vec<Option<Vec<u8>>>| Outcome::Entries(entries.iter().flatten().count() as u64);
        self.tell(place, |inner| inner.get_many(keys), found)
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        let place = within("put_many", entries.first().map(|put| &put.key.namespace));
        self.tell(place, |inner| inner.put_many(entries), |()| Outcome::Entries(entries.len() as u64))
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let place = within("remove_many", keys.first().map(|key| &key.namespace));
        self.tell(place, |inner| inner.remove_many(keys), |removed| Outcome::Entries(*removed))
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let put = |inner: &dyn Backend| inner.put_if_absent(key, entry, expires);
        self.tell(with("put_if_absent", key), put, |put| Outcome::Said(*put))
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.tell(with("touch", key), |inner| inner.touch(key, expires), |there| Outcome::Said(*there))
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.tell(("clear", namespace, None), |inner| inner.clear(namespace), |count| Outcome::Entries(*count))
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let scan = |inner: &dyn Backend| {
            let mut seen = 0;
            let counted = &mut |scanned| {
                seen += 1;
                visit(scanned)
            };
            inner.scan(namespace, counted).map(|()| seen)
        };
        self.tell(("scan", namespace, None), scan, |seen| Outcome::Entries(*seen)).map(drop)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.inner.shown(key)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.tell(("len", namespace, None), |inner| inner.len(namespace), |count| Outcome::Entries(*count))
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        self.tell(("sweep", namespace, None), |inner| inner.sweep(namespace, now), |count| Outcome::Entries(*count))
    }

    fn format(&self) -> Cow<'static, str> {
        self.inner.format()
    }

    fn has_own_format(&self) -> bool {
        self.inner.has_own_format()
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        self.inner.written(key)
    }
}
