//! A store that is watched, and broken at will.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::SystemTime,
};

use cacher::{
    Error, Kind,
    backend::{Backend, Capabilities, Cost, Key},
};

/// What was done to which place, in that order.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Arc<Mutex<Vec<(&'static str, usize)>>>);

impl Log {
    fn note(&self, what: &'static str, place: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((what, place));
    }

    /// The places to which this was done; forgets all.
    pub(super) fn take(&self, what: &str) -> Vec<usize> {
        let done = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        done.into_iter().filter(|(done, _)| *done == what).map(|(_, place)| place).collect()
    }
}

/// A store of some pair.
#[derive(Clone)]
pub(super) struct Witness(Arc<Inner>);

struct Inner {
    store: Arc<dyn Backend>,
    place: usize,
    log: Log,
    broken: AtomicBool,
}

impl Witness {
    pub(super) fn new(store: Arc<dyn Backend>, place: usize, log: Log) -> Self {
        Self(Arc::new(Inner { store, place, log, broken: AtomicBool::new(false) }))
    }

    /// Lets every operation fail from now on, or work again.
    pub(super) fn break_down(&self, broken: bool) {
        self.0.broken.store(broken, SeqCst);
    }

    fn ask(&self, what: &'static str) -> Result<&dyn Backend, Error> {
        self.0.log.note(what, self.0.place);
        if self.0.broken.load(SeqCst) {
            return Err(Error::new(Kind::Unavailable, "the store is down"));
        }
        Ok(&*self.0.store)
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Witness").field(&self.describe()).finish()
    }
}

impl Backend for Witness {
    fn describe(&self) -> String {
        self.0.store.describe()
    }

    fn cost(&self) -> Cost {
        self.0.store.cost()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.store.capabilities()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        self.ask("get")?.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<(), Error> {
        self.ask("put")?.put(key, entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool, Error> {
        self.ask("remove")?.remove(key)
    }

    fn clear(&self, namespace: &str) -> Result<u64, Error> {
        self.ask("clear")?.clear(namespace)
    }

    fn len(&self, namespace: &str) -> Result<u64, Error> {
        self.ask("len")?.len(namespace)
    }

    fn format(&self) -> Cow<'static, str> {
        self.0.store.format()
    }

    fn has_own_format(&self) -> bool {
        self.0.store.has_own_format()
    }
}
