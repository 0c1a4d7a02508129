//! The half of a cache that has no types: its name, its counters, its stores.

use std::{
    any::TypeId,
    collections::HashMap,
    time::{Duration, SystemTime},
};

use crate::{
    backend,
    bridge::{self, Shell},
    clock::{Alarm, Clock},
    error::{Error, Result},
    fault::{self, Fault},
    fence::Generation,
    memory::table::Bound,
    place, registry,
    stats::{Counters, Stats},
    strategy::life::Life,
    sync::{Arc, AtomicBool, Mutex, Ordering, Weak, lock},
    tier::{self, Opener, Tier},
    time::{Stamp, Tick},
};

/// What the attribute says about a cache, once.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name given by the user.
    pub name: Option<&'static str>,
    /// The names of the identity arguments.
    pub arguments: &'static [&'static str],
    /// The backends, fastest first; memory if there is none.
    pub backends: Vec<Opener>,
    /// The bound of typed memory.
    pub bound: Option<Bound>,
    /// How long values live.
    pub life: Life,
    /// Whether callers wait for a load of the same key.
    pub single_flight: bool,
    /// How long they wait before they load on their own.
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            arguments: &[],
            backends: Vec::new(),
            bound: None,
            life: Life::default(),
            single_flight: true,
            patience: Duration::from_secs(30),
        }
    }
}

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// It was there, and is gone.
    Removed,
    /// It was not there.
    Absent,
    /// A store could not be reached. The entry is not served any more by this process, and the removal is retried.
    Pending,
    /// A strategy forbade it; the entry is still there.
    Refused,
}

impl Removal {
    /// The outcome of removing in several places.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pending, _) | (_, Self::Pending) => Self::Pending,
            (Self::Removed, _) | (_, Self::Removed) => Self::Removed,
            _ => self,
        }
    }

    pub(crate) fn of(removed: bool) -> Self {
        if removed { Self::Removed } else { Self::Absent }
    }
}

/// The tables of a cache, one for each instantiation of its function, as the untyped half knows them.
pub(crate) trait Member: Send + Sync {
    /// The fence of the table, to wait for writes that were admitted.
    fn quiet(&self) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    /// Drops what is in memory.
    fn empty(&self);
    /// Entries, and what they weigh.
    fn size(&self) -> (u64, u64);
    /// Removes what has expired.
    fn sweep(&self);
}

/// The untyped half of a cache.
#[derive(Debug)]
pub struct Core {
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) bound: Option<Bound>,
    pub(crate) counters: Counters,
    pub(crate) generation: Arc<Generation>,
    pub(crate) local: Mutex<LocalCount>,
    tiers: Vec<Arc<Tier>>,
    tombstones: Mutex<Tombstones>,
    any_tombstone: AtomicBool,
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members(Vec<Weak<dyn Member>>);

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tables", self.0.len())
    }
}

/// How many entries of the current generation the tables of all threads hold.
#[derive(Debug, Default)]
pub(crate) struct LocalCount {
    pub(crate) generation: u64,
    pub(crate) entries: u64,
    pub(crate) weight: u64,
}

/// Removals that failed: an entry whose load began before its tombstone is not served.
#[derive(Debug, Default)]
struct Tombstones {
    keys: HashMap<Arc<str>, Stamp>,
    all: Option<Stamp>,
    retrying: bool,
}

const MOST_TOMBSTONES: usize = 1024;
const RETRY: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(300);

/// How long an invalidation waits for a write that a store does not answer.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);

impl Core {
    /// `path` is the `type_name` of the function's marker (see [`place`]); `owner` tells the function from others.
    pub(crate) fn new(path: &str, owner: TypeId, config: Config) -> Arc<Self> {
        let clock = Clock::current();
        let place = place::function(path);
        let name: Arc<str> = config.name.map_or_else(|| place.as_str().into(), Into::into);
        // The path of a function holds its type parameters; a given name does not.
        let namespace = config.name.map_or_else(|| name.to_string(), |name| name.to_owned() + &place::generics(&place));
        let mut memory = if config.backends.is_empty() { Some(config.bound.unwrap_or(Bound::Unbounded)) } else { None };
        let mut tiers = Vec::new();
        for opener in &config.backends {
            match tier::open(*opener, &clock) {
                Ok(bound) => memory = Some(config.bound.unwrap_or(bound)),
                Err(tier) => tiers.push(Arc::new(tier)),
            }
        }
        if let Err(error) = registry::claim(&namespace, owner, &tiers) {
            fault::report(&Fault { cache: Arc::clone(&name), error });
            tiers.clear();
        }
        let core = Arc::new(Self {
            name,
            namespace: namespace.into(),
            config,
            clock,
            bound: memory,
            counters: Counters::default(),
            generation: Arc::default(),
            local: Mutex::default(),
            tiers,
            tombstones: Mutex::default(),
            any_tombstone: AtomicBool::new(false),
            members: Mutex::default(),
        });
        registry::add(&core);
        core.sweep_stores_later(Duration::ZERO);
        core
    }

    pub(crate) fn has_stores(&self) -> bool {
        !self.tiers.is_empty()
    }

    pub(crate) fn tiers(&self) -> &[Arc<Tier>] {
        &self.tiers
    }

    pub(crate) fn join(&self, member: Weak<dyn Member>) {
        let mut members = lock(&self.members);
        members.0.retain(|member| member.strong_count() > 0);
        members.0.push(member);
    }

    fn members(&self) -> Vec<Arc<dyn Member>> {
        lock(&self.members).0.iter().filter_map(Weak::upgrade).collect()
    }

    /// Counts and reports what went wrong while the caller goes on.
    pub(crate) fn fault(&self, error: Error) {
        self.counters.store_errors.add(1);
        fault::report(&Fault { cache: Arc::clone(&self.name), error });
    }

    /// What `operation` answered, or `None` with a fault.
    pub(crate) fn or_fault<T>(&self, answer: Result<T>) -> Option<T> {
        answer.map_err(|error| self.fault(error)).ok()
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.counters.read();
        (stats.entries, stats.bytes) = self.size();
        let tombstones = lock(&self.tombstones);
        stats.pending_removals = tombstones.keys.len() as u64 + u64::from(tombstones.all.is_some());
        stats
    }

    fn size(&self) -> (u64, u64) {
        let local = lock(&self.local);
        let current = local.generation == self.generation.current();
        let start = if current { (local.entries, local.weight) } else { (0, 0) };
        drop(local);
        let sizes = self.members().into_iter().map(|member| member.size());
        let (entries, weight) = sizes.fold(start, |(entries, weight), size| (entries + size.0, weight + size.1));
        let weighed = matches!(self.bound, Some(Bound::Bytes(_)));
        (entries, if weighed { weight } else { 0 })
    }

    /// How many entries the last tier has: a store if there is one, else memory.
    pub(crate) async fn len(self: &Arc<Self>, shell: Shell) -> u64 {
        let Some(tier) = self.tiers.last().cloned() else { return self.size().0 };
        let namespace = Arc::clone(&self.namespace);
        let quick = tier.reads_quickly();
        let answer = bridge::run(shell, quick, move || tier.operate(|store| store.backend.len(&namespace))).await;
        self.or_fault(answer).unwrap_or_else(|| self.size().0)
    }

    /// Removes everything, fenced like a single invalidation.
    pub(crate) async fn clear(self: &Arc<Self>, shell: Shell) -> Removal {
        let open = CloseGeneration::new(&self.generation);
        let members = self.members();
        let mut removal = Removal::of(self.size().0 > 0);
        if self.has_stores() {
            let drained = within(&self.clock, DRAIN, async {
                for member in &members {
                    member.quiet().await;
                }
            });
            if drained.await.is_none() {
                self.bury_all();
                removal = Removal::Pending;
            }
            removal = removal.and(self.clear_stores(shell).await);
        }
        drop(open);
        for member in &members {
            member.empty();
        }
        removal
    }

    async fn clear_stores(self: &Arc<Self>, shell: Shell) -> Removal {
        let core = Arc::clone(self);
        let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
        bridge::run(shell, quick, move || core.clear_stores_now()).await
    }

    fn clear_stores_now(self: &Arc<Self>) -> Removal {
        let mut removal = Removal::Absent;
        for tier in &self.tiers {
            let cleared = tier.operate(|store| store.backend.clear(&self.namespace));
            removal = removal.and(match self.or_fault(cleared) {
                Some(count) => Removal::of(count > 0),
                None => Removal::Pending,
            });
        }
        if removal == Removal::Pending {
            self.bury_all();
        }
        removal
    }

    /// Removes one entry from all stores.
    pub(crate) async fn remove(self: &Arc<Self>, shell: Shell, name: Arc<str>) -> Removal {
        let core = Arc::clone(self);
        let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
        bridge::run(shell, quick, move || {
            let removal = core.remove_now(&name);
            if removal == Removal::Pending {
                core.bury(name);
            }
            removal
        })
        .await
    }

    fn remove_now(&self, name: &Arc<str>) -> Removal {
        let mut removal = Removal::Absent;
        for tier in &self.tiers {
            let removed = tier.operate(|store| store.backend.remove(&self.store_key(store, name)));
            removal = removal.and(self.or_fault(removed).map_or(Removal::Pending, Removal::of));
        }
        removal
    }

    pub(crate) fn store_key(&self, store: &tier::Store, name: &Arc<str>) -> backend::Key {
        backend::Key { namespace: Arc::clone(&self.namespace), name: Arc::clone(name), format: store.format.name() }
    }

    /// Notes a removal that failed.
    pub(crate) fn bury(self: &Arc<Self>, name: Arc<str>) {
        let now = self.clock.stamp();
        self.change_tombstones(|tombstones| {
            if tombstones.keys.len() < MOST_TOMBSTONES {
                tombstones.keys.insert(name, now);
            } else {
                tombstones.keys.clear();
                tombstones.all = Some(now);
            }
        });
    }

    fn bury_all(self: &Arc<Self>) {
        let now = self.clock.stamp();
        self.change_tombstones(|tombstones| {
            tombstones.keys.clear();
            tombstones.all = Some(now);
        });
    }

    fn change_tombstones(self: &Arc<Self>, change: impl FnOnce(&mut Tombstones)) {
        let retry = {
            let mut tombstones = lock(&self.tombstones);
            change(&mut tombstones);
            let any = tombstones.all.is_some() || !tombstones.keys.is_empty();
            self.any_tombstone.store(any, Ordering::SeqCst);
            any && !std::mem::replace(&mut tombstones.retrying, true)
        };
        if retry {
            self.later(RETRY, Self::retry_removals);
        }
    }

    /// Whether an entry that a store returned was removed before.
    pub(crate) fn is_buried(&self, name: &str, load_began: Stamp) -> bool {
        self.any_tombstone.load(Ordering::SeqCst) && {
            let tombstones = lock(&self.tombstones);
            let buried = tombstones.keys.get(name).copied().max(tombstones.all);
            buried.is_some_and(|buried| load_began <= buried)
        }
    }

    /// Forgets a removal that a newer entry has made good.
    pub(crate) fn unbury(&self, name: &str, load_began: Stamp) {
        if !self.any_tombstone.load(Ordering::SeqCst) {
            return;
        }
        let mut tombstones = lock(&self.tombstones);
        if tombstones.keys.get(name).is_some_and(|buried| *buried < load_began) {
            tombstones.keys.remove(name);
        }
    }

    fn retry_removals(self: &Arc<Self>) {
        let (keys, all) = {
            let mut tombstones = lock(&self.tombstones);
            tombstones.retrying = false;
            (tombstones.keys.clone(), tombstones.all)
        };
        let cleared = all.filter(|_| self.clear_stores_now() != Removal::Pending);
        let removed: Vec<_> = keys.into_iter().filter(|(name, _)| self.remove_now(name) != Removal::Pending).collect();
        self.change_tombstones(|tombstones| {
            if tombstones.all == cleared {
                tombstones.all = None;
            }
            for (name, buried) in removed {
                if tombstones.keys.get(&name) == Some(&buried) {
                    tombstones.keys.remove(&name);
                }
            }
        });
    }

    fn sweep_stores_later(self: &Arc<Self>, wait: Duration) {
        if self.has_stores() {
            self.later(wait, |core| {
                core.sweep_stores();
                core.sweep_stores_later(SWEEP);
            });
        }
    }

    fn sweep_stores(&self) {
        let now = self.clock.stamp().to_system().unwrap_or(SystemTime::UNIX_EPOCH);
        for tier in &self.tiers {
            if let Some(swept) = self.or_fault(tier.operate(|store| store.backend.sweep(&self.namespace, now))) {
                self.counters.expirations.add(swept);
            }
        }
    }

    /// Does something on a worker thread after a while, if the cache still exists; with a manual clock, in the call
    /// that moves it.
    fn later(self: &Arc<Self>, wait: Duration, work: fn(&Arc<Self>)) {
        let core = Arc::downgrade(self);
        let job = move || {
            if let Some(core) = core.upgrade() {
                work(&core);
            }
        };
        on_worker_at(&self.clock, self.clock.tick().after(wait), job);
    }
}

/// Runs `job` at a time: on a worker thread, or with a manual clock in the call that moves it.
pub(crate) fn on_worker_at(clock: &Clock, when: Tick, job: impl FnOnce() + Send + 'static) {
    match clock {
        Clock::System => clock.at(when, Alarm::Call(Box::new(|| bridge::spawn(job)))),
        Clock::Manual(_) => clock.at(when, Alarm::Call(Box::new(job))),
    };
}

/// What `future` gives within `time`.
pub(crate) async fn within<F: Future>(clock: &Clock, time: Duration, future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut timer = None;
    std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(cx) {
            return std::task::Poll::Ready(Some(output));
        }
        let timer = timer.get_or_insert_with(|| clock.sleep_until(clock.tick().after(time)));
        std::pin::Pin::new(timer).poll(cx).map(|()| None)
    })
    .await
}

/// A generation under clearing.
struct CloseGeneration<'a>(&'a Generation);

impl<'a> CloseGeneration<'a> {
    fn new(generation: &'a Generation) -> Self {
        generation.close();
        Self(generation)
    }
}

impl Drop for CloseGeneration<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}
