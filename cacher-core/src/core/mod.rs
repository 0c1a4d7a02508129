//! The half of a cache that has no types: its name, its counters, its stores.

mod removals;
mod work;

pub(crate) use removals::DRAIN;
pub use removals::Removal;
use removals::Tombstones;
pub(crate) use work::{on_worker_at, within};

use std::{
    any::TypeId,
    time::{Duration, SystemTime},
};

use crate::{
    backend,
    bridge::{self, Shell},
    clock::Clock,
    error::{Error, Result},
    fault::{self, Fault},
    fence::Generation,
    memory::table::Bound,
    place, registry,
    stats::{Counters, Stats},
    strategy::life::Life,
    sync::{Arc, AtomicBool, Mutex, Weak, lock},
    tier::{self, Opener, Tier},
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

/// The tables of a cache, one for each instantiation of its function, as the untyped half knows them.
pub(crate) trait Member: Send + Sync {
    /// The fence of the table, to wait for writes that were admitted.
    fn quiet(&self) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    /// Gives up waiting for writes that were admitted.
    fn overtake(&self);
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

const SWEEP: Duration = Duration::from_secs(300);

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

    pub(crate) fn store_key(&self, store: &tier::Store, name: &Arc<str>) -> backend::Key {
        backend::Key { namespace: Arc::clone(&self.namespace), name: Arc::clone(name), format: store.format.name() }
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
