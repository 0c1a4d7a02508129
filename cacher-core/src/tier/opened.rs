//! A store that is opened when it is first needed.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    time::Duration,
};

use super::{Made, Memory, Opening, Store, Wanted, What};
use crate::{
    backend::{Cost, Watcher},
    bridge::{Place, caught},
    claims::Claimant,
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, OnceCell, lock},
    time::Tick,
    wrap::{Wrapping, limited::Limits},
};

/// A store that is opened when it is first needed, and again later if that fails.
pub(crate) struct Tier {
    open: Opening,
    opened: OnceCell<Store>,
    failed: Mutex<Option<Failed>>,
    claimant: Claimant,
    wrapping: Wrapping,
    wanted: Wanted,
    watchers: Watchers,
}

/// Who hears of changes by others.
#[derive(Clone, Default)]
pub(crate) struct Watchers {
    /// To entries, if something is kept in front of the store.
    pub(crate) entries: Option<Watcher>,
    /// To the tokens of tags, under which they stand, if entries have tags.
    pub(crate) tags: Option<(Arc<str>, Watcher)>,
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
    watchers: Watchers,
) -> std::result::Result<Memory, Arc<Tier>> {
    let failed = Mutex::new(None);
    let made = call(&opening);
    let tier = Tier { open: opening, opened: OnceCell::new(), failed, claimant, wrapping, wanted, watchers };
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
        let Watchers { entries, tags } = self.watchers.clone();
        let watching = native.as_ref().zip(entries);
        let watched = watching.is_some_and(|(native, watcher)| native.watch(namespace, watcher));
        if let Some((native, (namespace, watcher))) = native.as_ref().zip(tags) {
            native.watch(&namespace, watcher);
        }
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
        answered(store, caught(pin!(operation(store))).await)
    }
}

/// What a store answered, with its name in an error.
fn answered<T>(store: &Store, answer: std::thread::Result<Result<T>>) -> Result<T> {
    answer
        .unwrap_or_else(|panic| Err(Error::new(Kind::Unavailable, format!("the store panicked: {}", said(&*panic)))))
        .map_err(|error| error.within(store.backend.describe()))
}
