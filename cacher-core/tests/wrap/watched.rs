//! A store that notes what is done, and that can be held up or broken.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Capabilities, Key, Put, Scanned, bytes::Bytes},
    error::{Error, Kind, Result},
};

/// Its clones are the same store.
#[derive(Clone)]
pub(crate) struct Watched(Arc<Inner>);

struct Inner {
    store: Bytes,
    log: Mutex<Vec<String>>,
    held: Mutex<bool>,
    released: Condvar,
    refuses_puts: AtomicBool,
    refuses_removals: AtomicBool,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            store: Bytes::new(),
            log: Mutex::default(),
            held: Mutex::new(false),
            released: Condvar::new(),
            refuses_puts: AtomicBool::new(false),
            refuses_removals: AtomicBool::new(false),
        }))
    }

    /// What was done, in order.
    pub(crate) fn log(&self) -> Vec<String> {
        self.0.log.lock().unwrap().clone()
    }

    /// Lets writes wait until they are released.
    pub(crate) fn hold(&self) {
        *self.0.held.lock().unwrap() = true;
    }

    pub(crate) fn release(&self) {
        *self.0.held.lock().unwrap() = false;
        self.0.released.notify_all();
    }

    pub(crate) fn refuse_puts(&self, refuse: bool) {
        self.0.refuses_puts.store(refuse, SeqCst);
    }

    pub(crate) fn refuse_removals(&self, refuse: bool) {
        self.0.refuses_removals.store(refuse, SeqCst);
    }

    /// What the store itself has.
    pub(crate) fn stored(&self, key: &Key) -> Option<String> {
        self.0.store.get(key).unwrap().map(|entry| String::from_utf8(entry).unwrap())
    }

    fn write(&self, what: String, refused: &AtomicBool) -> Result<()> {
        self.0.log.lock().unwrap().push(what);
        let held = self.0.held.lock().unwrap();
        let (_held, timeout) = self.0.released.wait_timeout_while(held, Duration::from_secs(20), |held| *held).unwrap();
        assert!(!timeout.timed_out(), "nobody releases the store");
        if refused.load(SeqCst) { Err(Error::new(Kind::Unavailable, "out of order")) } else { Ok(()) }
    }
}

impl Backend for Watched {
    fn describe(&self) -> String {
        "watched".into()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.store.capabilities()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.0.store.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.write(format!("put {}", key.name), &self.0.refuses_puts)?;
        self.0.store.put(key, entry, expires)
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        let names: Vec<_> = entries.iter().map(|put| &*put.key.name).collect();
        self.write(format!("put_many {}", names.join(" ")), &self.0.refuses_puts)?;
        self.0.store.put_many(entries)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.write(format!("remove {}", key.name), &self.0.refuses_removals)?;
        self.0.store.remove(key)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.write("clear".into(), &self.0.refuses_removals)?;
        self.0.store.clear(namespace)
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.0.store.touch(key, expires)
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        self.0.store.put_if_absent(key, entry, expires)
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        self.0.store.scan(namespace, visit)
    }
}
