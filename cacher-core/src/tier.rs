//! A place where entries are kept, as the attribute names it, and its opening.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use once_cell::sync::OnceCell;

use crate::{
    backend::{Backend, Cost, Key, Watcher, native::Native},
    bridge::{self, Place, caught},
    claims::Claimant,
    entry::Times,
    error::{Error, Kind, Result},
    format::Format,
    memory::table::Bound,
    sync::{Arc, AtomicBool, Mutex, Ordering, lock},
    time::{Stamp, Tick},
    wrap::{Wrapping, limited::Limits, revised::Revised},
};

/// What a `backend = ..` makes.
#[derive(Clone, Debug)]
pub struct Made {
    pub(crate) what: What,
    /// How long values live there at most, if that is shorter than they live at all.
    pub(crate) ttl: Option<Duration>,
}

/// The bound of typed memory, and how long values live there at most.
pub(crate) type Memory = (Bound, Option<Duration>);

/// A place for entries.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Typed memory.
    Memory(Bound),
    /// A store, and what it keeps at most.
    Store(Arc<dyn Backend>, Limits),
}

impl Made {
    pub(crate) fn memory(bound: Bound) -> Self {
        Self { what: What::Memory(bound), ttl: None }
    }

    fn from_store(store: Arc<dyn Backend>) -> Self {
        Self { what: What::Store(store, Limits::new()), ttl: None }
    }
}

/// A store with the format of its entries.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) format: Format,
    /// What knows the revisions of its entries, if they are kept.
    pub(crate) revised: Option<Revised>,
    /// The same store, if async callers need no thread to wait for it.
    native: Option<Arc<dyn Native>>,
    /// Whether it tells of changes by others.
    watched: bool,
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
    fn suits(&self, format: Format, backend: &dyn Backend) -> Result<Format> {
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

/// Makes a backend. May be called again after an error.
pub type Opener = fn() -> Result<Made>;

/// The same, with what it needs.
pub type Opening = Arc<dyn Fn() -> Result<Made> + Send + Sync>;

/// A store that is opened when it is first needed, and again later if that fails.
pub(crate) struct Tier {
    open: Opening,
    opened: OnceCell<Store>,
    failed: Mutex<Option<Failed>>,
    claimant: Claimant,
    wrapping: Wrapping,
    wanted: Wanted,
    /// Who hears of changes by others, if something is kept in front of it.
    watcher: Option<Watcher>,
}

impl fmt::Debug for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tier").field(&self.opened.get()).finish()
    }
}

/// An opening that failed.
struct Failed {
    error: Error,
    times: u32,
    again: Tick,
}

/// How long after a first failure a store is opened again; twice as long after each further one, up to a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Opens a backend. What cannot be opened becomes a tier all the same, which tries again later.
pub(crate) fn open(
    opening: Opening,
    claimant: Claimant,
    wrapping: Wrapping,
    wanted: Wanted,
    watcher: Option<Watcher>,
) -> std::result::Result<Memory, Arc<Tier>> {
    let failed = Mutex::new(None);
    let made = call(&opening);
    let tier = Tier { open: opening, opened: OnceCell::new(), failed, claimant, wrapping, wanted, watcher };
    match made {
        Ok(Made { what: What::Memory(bound), ttl }) => return Ok((bound, ttl)),
        made => {
            let _ = tier.keep(made);
        }
    }
    Err(Arc::new(tier))
}

/// Calls an opener; its panic is an error.
fn call(opening: &Opening) -> Result<Made> {
    catch_unwind(AssertUnwindSafe(|| opening())).unwrap_or_else(|panic| {
        Err(Error::new(Kind::Unavailable, format!("opening the backend panicked: {}", said(&*panic))))
    })
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("with no message")
}

impl Tier {
    /// The store, opened if need be.
    pub(crate) fn store(&self) -> Result<&Store> {
        match self.opened.get() {
            Some(store) => Ok(store),
            None => self.try_again(),
        }
    }

    fn try_again(&self) -> Result<&Store> {
        if let Some(failed) = &*lock(&self.failed)
            && self.wrapping.clock.tick() < failed.again
        {
            return Err(failed.error.clone());
        }
        self.keep(call(&self.open))
    }

    /// Keeps what was opened, if the name is free there. Of two that were opened at the same time the first stays.
    fn keep(&self, made: Result<Made>) -> Result<&Store> {
        let store = made.and_then(|made| match made.what {
            What::Store(backend, limits) => {
                Store::new(backend, &self.wanted).map(|store| (Store { ttl: made.ttl, ..store }, limits))
            }
            What::Memory(_) => Err(Error::new(Kind::Invalid, "the backend was memory on a second opening")),
        });
        let store = store.and_then(|store| self.claimant.claim(store.0.backend.describe()).map(|()| store));
        match store.and_then(|(store, limits)| self.wrapped(store, limits)) {
            Ok(store) => Ok(self.opened.get_or_init(|| store)),
            Err(error) => Err(self.note_failure(error)),
        }
    }

    fn wrapped(&self, store: Store, limits: Limits) -> Result<Store> {
        let (backend, revised) = self.wrapping.wrap(store.backend, limits)?;
        let native = backend.native();
        let namespace = &self.claimant.namespace;
        let watching = native.as_ref().zip(self.watcher.clone());
        let watched = watching.is_some_and(|(native, watcher)| native.watch(namespace, watcher));
        Ok(Store { backend, revised, native, watched, ..store })
    }

    fn note_failure(&self, error: Error) -> Error {
        let mut failed = lock(&self.failed);
        let times = failed.as_ref().map_or(0, |failed| failed.times.saturating_add(1));
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(times)).min(LONGEST_PAUSE);
        let again = self.wrapping.clock.tick().after(pause);
        *failed = Some(Failed { error: error.clone(), times, again });
        error
    }

    /// The store, if it tells of changes by others.
    pub(crate) fn watched(&self) -> Option<&Store> {
        self.opened.get().filter(|store| store.watched)
    }

    /// Why it is not open.
    pub(crate) fn failure(&self) -> Option<Error> {
        lock(&self.failed).as_ref().filter(|_| self.opened.get().is_none()).map(|failed| failed.error.clone())
    }

    /// Whose entries it keeps.
    pub(crate) fn claimant(&self) -> &Claimant {
        &self.claimant
    }

    /// The store in a few words, if it is open.
    pub(crate) fn describe(&self) -> Option<String> {
        self.opened.get().map(|store| store.backend.describe())
    }

    /// Whether its entries have names that take a secret key, if it is open.
    pub(crate) fn conceals(&self) -> bool {
        self.opened.get().is_some_and(|store| store.format.conceals())
    }

    /// Where its reads are driven for an async caller.
    pub(crate) fn place_of_reads(&self) -> Place {
        match self.opened.get() {
            // Only the plain form says when a bare value was written.
            Some(Store { native: Some(_), format, .. }) if !format.is_bare() => Place::Here,
            Some(store) if store.backend.cost() != Cost::Blocking => Place::Here,
            _ => Place::Worker,
        }
    }

    /// Where its writes are driven for an async caller.
    pub(crate) fn place_of_writes(&self) -> Place {
        match self.opened.get() {
            Some(Store { native: Some(_), .. }) => Place::Io,
            Some(store) if store.backend.cost() == Cost::InPlace => Place::Here,
            _ => Place::Worker,
        }
    }

    /// Whether reads can run in place on an executor, in the plain form of the store.
    pub(crate) fn reads_quickly(&self) -> bool {
        self.opened.get().is_some_and(|store| store.backend.cost() != Cost::Blocking)
    }

    /// Whether writes can run in place on an executor, in the plain form of the store.
    pub(crate) fn writes_quickly(&self) -> bool {
        self.opened.get().is_some_and(|store| store.backend.cost() == Cost::InPlace)
    }

    /// Runs an operation of the store in its plain form; its panic is an error.
    pub(crate) fn operate<T>(&self, operation: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        let store = self.store()?;
        answered(store, catch_unwind(AssertUnwindSafe(|| operation(store))))
    }

    /// Runs an operation of the store; its panic is an error.
    pub(crate) async fn ask<'a, T, F>(&'a self, operation: impl FnOnce(&'a Store) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let store = self.store()?;
        answered(store, caught(operation(store)).await)
    }
}

/// What a store answered, with its name in an error.
fn answered<T>(store: &Store, answer: std::thread::Result<Result<T>>) -> Result<T> {
    answer
        .unwrap_or_else(|panic| Err(Error::new(Kind::Unavailable, format!("the store panicked: {}", said(&*panic)))))
        .map_err(|error| error.within(store.backend.describe()))
}

/// What `backend = ..` takes: a URL, a [`Backend`], an `Arc` or a `&'static` reference of one, or a `Result` of any
/// of these. `M` only tells them apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend",
    label = "expected a URL, a `Backend`, or a `Result` of one",
    note = "several backends, the fastest first, are written as a list: `backend = [a, b]`"
)]
pub trait IntoBackend<M> {
    #[doc(hidden)]
    fn into_backend(self) -> Result<Made>;

    /// What opens it, again after an error if need be.
    ///
    /// # Errors
    /// Those of opening it, if that can't be tried again.
    #[doc(hidden)]
    fn into_opening(self) -> Result<Opening>
    where
        Self: Sized,
    {
        let made = self.into_backend()?;
        Ok(Arc::new(move || Ok(made.clone())))
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct FromUrl;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromBackend;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromAsync;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromStatic;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromShared;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromResult<M>(M);

impl<B: Backend> IntoBackend<FromBackend> for B {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(Arc::new(self)))
    }
}

#[cfg(feature = "async_backend")]
impl<B: crate::backend::driven::AsyncBackend> IntoBackend<FromAsync> for B {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(Arc::new(crate::backend::driven::Driven::new(self))))
    }
}

impl<B: Backend> IntoBackend<FromShared> for Arc<B> {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(self))
    }
}

impl IntoBackend<FromShared> for Arc<dyn Backend> {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(self))
    }
}

impl<B: Backend> IntoBackend<FromStatic> for &'static B {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(Arc::new(Static(self))))
    }
}

impl<M, B: IntoBackend<M>, E: fmt::Display> IntoBackend<FromResult<M>> for std::result::Result<B, E> {
    fn into_backend(self) -> Result<Made> {
        match self {
            Ok(backend) => backend.into_backend(),
            Err(error) => Err(Error::new(Kind::Unavailable, error.to_string())),
        }
    }

    fn into_opening(self) -> Result<Opening> {
        match self {
            Ok(backend) => backend.into_opening(),
            Err(error) => Err(Error::new(Kind::Unavailable, error.to_string())),
        }
    }
}

/// A backend that lives for ever, and belongs to somebody else.
struct Static<B: 'static>(&'static B);

macro_rules! forward {
    ($(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $output:ty;)*) => {
        impl<B: Backend> Backend for Static<B> {
            $(fn $name(&self $(, $argument: $type)*) -> $output {
                self.0.$name($($argument),*)
            })*

            fn shown<'a>(&self, key: &'a crate::backend::Key) -> std::borrow::Cow<'a, crate::backend::Key> {
                self.0.shown(key)
            }
        }
    };
}

forward! {
    fn describe(&self) -> String;
    fn cost(&self) -> Cost;
    fn capabilities(&self) -> crate::backend::Capabilities;
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>>;
    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()>;
    fn remove(&self, key: &Key) -> Result<bool>;
    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>>;
    fn put_many(&self, entries: &[crate::backend::Put]) -> Result<()>;
    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>)
        -> Result<bool>;
    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool>;
    fn written(&self, key: &Key) -> Result<Option<SystemTime>>;
    fn clear(&self, namespace: &str) -> Result<u64>;
    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(crate::backend::Scanned) -> bool) -> Result<()>;
    fn len(&self, namespace: &str) -> Result<u64>;
    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64>;
    fn format(&self) -> std::borrow::Cow<'static, str>;
    fn has_own_format(&self) -> bool;
    fn native(&self) -> Option<Arc<dyn Native>>;
}
