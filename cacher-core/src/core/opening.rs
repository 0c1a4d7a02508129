//! How a cache comes to be: its name, its stores, and what is put around them.

use std::{any::TypeId, time::Duration};

use super::{Config, Core, News, coherence, graves::Graves, stand_ins::StandIns, tokens};
use crate::{
    claims::{Claimant, Owner},
    clock::Clock,
    error::{Error, Kind},
    fault::Fault,
    gate::Gate,
    memory::table::Bound,
    observe::{self, Published},
    place, registry, scope, settings,
    stats::Counters,
    strategy::{Strategy, list::List},
    sync::{Arc, AtomicBool, AtomicU64, Mutex, Weak},
    tier::{self, Memory, Opening, Tier, Wanted, Watchers},
    wrap::{
        Report, Wrapping, Wraps,
        limited::{Limits, Told},
        turns::Turns,
    },
};

/// What the entries of a function stand under in a store: `posts<u8>@v1`. No path, name or version holds an `@`.
fn namespace(place: &str, config: &Config) -> String {
    // The path of a function holds its type parameters; a given name does not.
    let function = config.name.map_or_else(|| place.to_owned(), |name| name.to_owned() + &place::generics(place));
    match config.version {
        Some(version) => format!("{function}@{}", version.name()),
        None => function,
    }
}

/// All of them, the built-in one first.
fn strategies(config: &Config) -> List {
    let limit = config.limit.iter().map(|limit| Arc::clone(limit) as Arc<dyn Strategy>);
    limit.chain(config.beside_hits.iter()).chain(config.strategies.iter()).collect()
}

/// What is said of the entries in stores.
fn wanted(config: &Config) -> Wanted {
    let Wraps { background, archive, revisions, .. } = &config.wraps;
    let enveloped = config.single || *archive || background.is_some() || revisions.is_some();
    Wanted { format: config.format.clone(), enveloped }
}

/// Opens backends: the bound of memory, if it is among them, the stores, and at which place memory is.
fn open(
    backends: Vec<Opening>,
    claimant: &Claimant,
    wrapping: &Wrapping,
    wanted: &Wanted,
    (me, distributed, tags): (&Weak<Core>, bool, Option<&Arc<str>>),
) -> (Option<Memory>, Vec<Arc<Tier>>, Option<usize>) {
    let (mut memory, mut place, mut tiers, count) = (None, None, Vec::new(), backends.len());
    for (index, opening) in backends.into_iter().enumerate() {
        let entries = (index > 0 || distributed).then(|| coherence::watcher(me, tiers.len()));
        let tags = tags.map(|namespace| (Arc::clone(namespace), tokens::watcher(me, tiers.len())));
        let watchers = Watchers { entries, tags };
        match tier::open(opening, claimant.clone(), wrapping.of(index, count), wanted.clone(), watchers) {
            Ok(opened) => (memory, place) = (Some(opened), Some(index)),
            Err(tier) => tiers.push(tier),
        }
    }
    (memory, tiers, place)
}

/// Reports what goes wrong around a store as a fault of the cache.
fn reported_by(core: &Weak<Core>) -> Report {
    let core = Weak::clone(core);
    Arc::new(move |key, error| match core.upgrade() {
        Some(core) => core.fault(error),
        None => observe::report(Fault { cache: Arc::clone(&key.namespace), error }),
    })
}

/// Counts what has to make room in a store.
fn counted_by(core: &Weak<Core>) -> Told {
    let core = Weak::clone(core);
    Arc::new(move |evicted| {
        if let Some(core) = core.upgrade() {
            core.counters.evictions.add(evicted);
        }
    })
}

/// What is put around the stores. The bound is that of the first of them, if it is no memory.
fn wraps(config: &Config) -> Wraps {
    let limits = match config.bound {
        // One slot needs no bound.
        _ if config.single => Limits::new(),
        Some(Bound::Entries(most)) => Limits::new().entries(most),
        Some(Bound::Bytes(most)) => Limits::new().bytes(most),
        Some(Bound::Unbounded) | None => Limits::new(),
    };
    Wraps { limits: config.wraps.limits.or(limits), ..config.wraps }
}

impl Core {
    /// `path` is the `type_name` of the function's marker (see [`place`]); `owner` tells the function from others.
    pub(crate) fn new(path: &str, owner: TypeId, config: Config) -> Arc<Self> {
        let backends = config.backends.iter().map(|opener| Arc::new(*opener) as Opening).collect();
        let Some(isolation) = scope::isolation() else {
            return Self::open(path, Owner::Function(owner), config, backends);
        };
        let stand_ins = isolation.kept::<StandIns>();
        let (config, backends) = (stand_ins.suited(config), stand_ins.in_place_of(backends));
        let _in_force = stand_ins.enter_clock();
        Self::open(path, Owner::Isolated(owner, isolation.number()), config, backends)
    }

    /// The same with other backends than those of `config`.
    pub(crate) fn open(path: &str, owner: Owner, config: Config, backends: Vec<Opening>) -> Arc<Self> {
        let clock = Clock::current();
        let place = place::function(path);
        let name: Arc<str> = config.name.map_or_else(|| place.as_str().into(), Into::into);
        let namespace: Arc<str> = namespace(&place, &config).into();
        let mut ruling = settings::in_force().rule_on(&name, &place);
        let namespace = ruling.namespace(namespace);
        let tags = Some(ruling.namespace(tokens::NAMESPACE.into()));
        let claimant = Claimant { namespace: Arc::clone(&namespace), owner };
        let (off, tagged) = (ruling.off(), config.tagged);
        let core = Arc::new_cyclic(|me| {
            let (clock, report, told) = (clock.clone(), reported_by(me), counted_by(me));
            let wrapping = Wrapping { wraps: wraps(&config), clock: clock.clone(), report, told };
            let alone = backends.is_empty().then_some(Bound::Unbounded);
            let (memory, tiers, place_of_memory) = open(
                if off { Vec::new() } else { backends },
                &claimant,
                &wrapping,
                &wanted(&config),
                (me, config.distributed, tags.as_ref().filter(|_| tagged)),
            );
            let memory_ttl = memory.and_then(|(_, ttl)| ttl);
            let memory = memory.map(|(bound, _)| bound).or(alone);
            let memory = memory.map(|bound| config.bound.unwrap_or(bound));
            let bound = memory.filter(|_| !off).map(|bound| ruling.bound(bound));
            Self {
                name,
                namespace,
                strategies: strategies(&config),
                gate: config.max_concurrent.map(Gate::new),
                off,
                patience: ruling.patience(config.patience),
                ruling,
                config,
                isolation: owner.isolation(),
                clock,
                bound,
                memory_ttl,
                counters: Counters::default(),
                published: Published::default(),
                generation: Arc::default(),
                local: Mutex::default(),
                graves: tiers.iter().map(|_| Graves::default()).collect(),
                tag_graves: tiers.iter().map(|_| Graves::default()).collect(),
                remembered: tiers.iter().map(|_| tokens::Remembered::default()).collect(),
                tiers,
                place_of_memory,
                tagged: AtomicBool::new(tagged),
                last_load: AtomicU64::new(0),
                last_removal: AtomicU64::new(0),
                retrying: AtomicBool::new(false),
                key_fault: Mutex::default(),
                members: Mutex::default(),
                slot: Turns::default(),
                news: News::default(),
            }
        });
        registry::add(&core);
        core.report_limits_of_memory();
        core.sweep_stores_later(Duration::ZERO);
        core
    }

    fn report_limits_of_memory(&self) {
        // What the ruling of the process says is said of weighed memory only.
        if matches!(self.bound, Some(Bound::Bytes(_))) && !matches!(self.config.bound, Some(Bound::Bytes(_))) {
            let text = "what makes a backend can't say what a value weighs, so `max_bytes` in its URL counts the keys \
                        alone: write `max_bytes = ..` in the attribute";
            self.fault(Error::new(Kind::Invalid, text));
        }
        if self.bound.is_some() && !self.config.wraps.limits.are_none() {
            let text = "typed memory has an order of its own, so `eviction`, `process_memory` and `frequency` say nothing: \
                        write `memory://?format=msgpack` for memory that keeps bytes";
            self.fault(Error::new(Kind::Invalid, text));
        }
    }
}
