//! A store, and what a function asks of it.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use crate::{
    backend::{Backend, Key, Put, native::Native},
    bridge,
    entry::Times,
    error::{Error, Kind, Result},
    format::Format,
    sync::{Arc, AtomicBool, Ordering},
    time::Stamp,
    wrap::revised::Revised,
};

/// A store with the format of its entries.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) format: Format,
    /// What knows the revisions of its entries, if they are kept.
    pub(crate) revised: Option<Revised>,
    /// The same store, if async callers need no thread to wait for it.
    pub(super) native: Option<Arc<dyn Native>>,
    /// Whether it tells of changes by others.
    pub(super) watched: bool,
    /// How long values live here at most.
    pub(crate) ttl: Option<Duration>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend).field("format", &self.format).finish_non_exhaustive()
    }
}

impl Store {
    /// A store with its own format if it was given one, or with `wanted`, or with the one that it prefers.
    ///
    /// # Errors
    /// When there is no such format, or the library was built without it; or if the values would be bare, and the store
    /// does not know their age, or something must see whose they are.
    pub(crate) fn new(backend: Arc<dyn Backend>, wanted: &Wanted) -> Result<Self> {
        let format = match &wanted.format {
            Some(wanted) if !backend.has_own_format() => wanted.clone(),
            _ => Format::named(&backend.format()),
        };
        match format.and_then(|format| wanted.suits(format, &*backend)) {
            Ok(format) => {
                Ok(Self { native: backend.native(), backend, format, revised: None, watched: false, ttl: None })
            }
            Err(error) => Err(error.within(backend.describe())),
        }
    }
}

impl Store {
    /// The times of an entry here, where it lives no longer than this store lets it.
    pub(crate) fn times(&self, times: Times, now: Stamp) -> Times {
        let Some(ttl) = self.ttl else { return times };
        let grace = times.keep_until.since(times.fresh_until);
        let fresh_until = times.fresh_until.min(now.after(ttl));
        Times { fresh_until, keep_until: times.keep_until.min(fresh_until.after(grace)), ..times }
    }

    /// What it calls a key when it tells of changes by others, if it does.
    pub(crate) fn mark(&self, key: &Key) -> Option<u64> {
        self.native.as_ref().filter(|_| self.watched).map(|native| native.mark(key))
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        match &self.native {
            Some(native) => native.get(key.clone()).await,
            None => self.backend.get(key),
        }
    }

    pub(crate) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        match (&self.native, keys) {
            (_, [key]) => self.get(key).await.map(|entry| vec![entry]),
            (Some(native), _) => native.get_many(keys.to_vec()).await,
            (None, _) => self.backend.get_many(keys),
        }
    }

    pub(crate) async fn put_all(&self, entries: Vec<Put>) -> Result<()> {
        match &self.native {
            Some(native) => native.put_many(entries).await,
            None => self.backend.put_many(&entries),
        }
    }

    /// Removes entries, and says whether any was there.
    pub(crate) async fn remove_all(&self, mut keys: Vec<Key>) -> Result<bool> {
        match &self.native {
            _ if keys.len() < 2 => match keys.pop() {
                Some(key) => self.remove(&key).await,
                None => Ok(false),
            },
            Some(native) => Ok(native.remove_many(keys).await? > 0),
            None => Ok(self.backend.remove_many(&keys)? > 0),
        }
    }

    pub(crate) async fn put(&self, key: &Key, entry: Vec<u8>, expires: Option<SystemTime>) -> Result<()> {
        match &self.native {
            Some(native) => native.put(key.clone(), entry, expires).await,
            None => self.backend.put(key, &entry, expires),
        }
    }

    /// The store, if it gives leases.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] if it does not.
    fn lessor(&self) -> Result<&Arc<dyn Native>> {
        let native = self.native.as_ref().filter(|_| self.backend.capabilities().lease);
        native.ok_or_else(|| self.backend.unsupported("leases, which `single_flight = distributed` takes"))
    }

    /// Takes the lease of a key, which then is the owner's until it ends; `None` if another has it.
    pub(crate) async fn lease(&self, key: Key, owner: String, life: Duration) -> Result<Option<Lease>> {
        let lessor = self.lessor()?;
        let token = lessor.lease(key.clone(), owner, life).await?;
        Ok(token.map(|token| Lease { lessor: Arc::clone(lessor), key, token, over: AtomicBool::new(false) }))
    }

    /// Lets the owner of a lease, if there is one, put nothing any more.
    pub(crate) async fn end_lease(&self, key: &Key) -> Result<()> {
        match self.lessor() {
            Ok(lessor) => lessor.end_lease(key.clone(), None).await,
            Err(_) => Ok(()),
        }
    }

    pub(crate) async fn remove(&self, key: &Key) -> Result<bool> {
        match &self.native {
            Some(native) => native.remove(key.clone()).await,
            None => self.backend.remove(key),
        }
    }
}

/// The right to load a key, among all processes. Dropped without a put, it is given back.
pub(crate) struct Lease {
    lessor: Arc<dyn Native>,
    key: Key,
    token: String,
    over: AtomicBool,
}

impl Lease {
    /// Puts what was loaded, unless the lease has ended meanwhile; says whether it did.
    pub(crate) async fn put(&self, entry: Vec<u8>, expires: Option<SystemTime>) -> Result<bool> {
        self.over.store(true, Ordering::SeqCst);
        self.lessor.put_leased(self.key.clone(), entry, expires, self.token.clone()).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.over.load(Ordering::SeqCst) {
            let ending = self.lessor.end_lease(self.key.clone(), Some(std::mem::take(&mut self.token)));
            // It ends by itself as well, only later.
            bridge::spawn(move || drop(bridge::block_on(ending)));
        }
    }
}

/// What a function says of the entries in its stores.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// The format of the stores that don't say their own.
    pub(crate) format: Option<Result<Format>>,
    /// Whether entries must say whose they are, because something beside the lookup reads them.
    pub(crate) enveloped: bool,
}

impl Wanted {
    pub(super) fn suits(&self, format: Format, backend: &dyn Backend) -> Result<Format> {
        let why = match () {
            () if !format.is_bare() => return Ok(format),
            () if self.enveloped => {
                "a bare value does not say whose it is, and `single`, `revisions`, `archive` and \
                                     `write = background` ask"
            }
            () if !backend.capabilities().written => {
                "a bare value is as old as the store says, and this one does not know"
            }
            () => return Ok(format),
        };
        Err(Error::new(Kind::Invalid, format!("{why}: leave `bare` out")))
    }
}
