//! The half of a cache that has no types: its name, its counters, its stores.

mod coherence;
mod graves;
mod known;
mod left_out;
mod removals;
mod stand_ins;
pub(crate) mod tokens;

pub(crate) use crate::work::{on_worker_at, within};
use coherence::News;
pub(crate) use coherence::{Hearing, Subject};
use graves::Graves;
pub(crate) use left_out::LeftOut;
pub(crate) use removals::DRAIN;
pub use removals::Removal;
pub(crate) use stand_ins::StandIns;

use std::{
    any::TypeId,
    time::{Duration, SystemTime},
};

use crate::{
    backend::{self, Pace},
    bridge::{self, Place, Shell},
    claims::{Claimant, Owner},
    clock::Clock,
    code::Version,
    codec::named,
    envelope::{self, Header},
    error::{Error, Kind, Result},
    fault::Fault,
    fence::{Generation, Overtaken},
    flight::Deadlines,
    format::Format,
    gate::Gate,
    keyer::{CallKey, Hash, Keyer},
    memory::table::Bound,
    observe::{self, Published},
    place, registry, scope, secret,
    settings::{self, Ruling},
    stats::{Counters, Stats},
    strategy::{
        Call, RateLimit, Strategy,
        life::{self, Life, Terms},
        list::List,
    },
    sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering, Weak, lock},
    tier::{self, Memory, Opener, Opening, Tier, Wanted, Watchers},
    wrap::{
        Report, Wrapping, Wraps,
        limited::{Limits, Told},
        turns::{Turn, Turns},
    },
};

/// What the attribute says about a cache, once.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Config {
    /// The name given by the user.
    pub name: Option<&'static str>,
    /// The names of the identity arguments.
    pub arguments: &'static [&'static str],
    /// The text around the parts of the key, if a template says what identifies a call: one piece more than parts.
    pub template: Option<&'static [&'static str]>,
    /// The version of the function, if it has one: a part of the name of its entries.
    pub version: Option<Version>,
    /// The backends, fastest first; memory if there is none.
    pub backends: Vec<Opener>,
    /// How values become bytes in the stores that don't say it themselves; as each prefers if it is `None`.
    pub format: Option<Result<Format>>,
    /// How stores write keys; by their hash if it is `None`.
    pub keyer: Option<Arc<dyn Keyer>>,
    /// The bound of typed memory; of the first store, if there is no memory in front of it.
    pub bound: Option<Bound>,
    /// How long values live.
    pub life: Life,
    /// Whether callers wait for a load of the same key.
    pub single_flight: bool,
    /// Whether they wait for those of other processes too.
    pub distributed: bool,
    /// How long they wait before they load on their own; as the settings say, or 30 s, if `None`.
    pub patience: Option<Duration>,
    /// Whether values have tags.
    pub tagged: bool,
    /// Whether some of them are known only when the value is.
    pub tagged_by_value: bool,
    /// The rate at which the body may run.
    pub limit: Option<Arc<RateLimit>>,
    /// Built-in strategies that hits need not ask.
    pub beside_hits: List,
    /// How many bodies may run at once.
    pub max_concurrent: Option<usize>,
    /// Whether that is the rate of all processes that share the last store.
    pub shared_rate: bool,
    /// What becomes of a call whose body may not run now.
    pub on_limit: OnLimit,
    /// How long a call waits until its body may run. Without it five minutes if it can say that this was too long.
    pub max_wait: Option<Duration>,
    /// How long the body may take.
    pub deadlines: Deadlines,
    /// How long errors that last answer calls.
    pub error_ttl: Option<Duration>,
    /// The user's own, in order.
    pub strategies: List,
    /// What is put around the stores.
    pub wraps: Wraps,
    /// Whether stores have one slot for all calls, which knows whose value it has.
    pub single: bool,
}

/// What becomes of a call whose body may not run now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits.
    #[default]
    Wait,
    /// It returns an error.
    Error,
    /// It returns a value past its TTL, or waits if there is none.
    Stale,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            arguments: &[],
            template: None,
            version: None,
            backends: Vec::new(),
            format: None,
            keyer: None,
            bound: None,
            life: Life::default(),
            single_flight: true,
            distributed: false,
            patience: None,
            tagged: false,
            tagged_by_value: false,
            limit: None,
            beside_hits: List::default(),
            max_concurrent: None,
            shared_rate: false,
            on_limit: OnLimit::default(),
            max_wait: None,
            deadlines: Deadlines::default(),
            error_ttl: None,
            strategies: List::default(),
            wraps: Wraps::default(),
            single: false,
        }
    }
}

impl Config {
    /// What identifies a call: its encoded arguments, and behind them their names, so that those that have changed
    /// places don't find each other's entries, and the text of the template if there is one. An encoding is never the
    /// beginning of another.
    pub(crate) fn identity(&self, mut arguments: Vec<u8>) -> Vec<u8> {
        for text in self.arguments.iter().chain(self.template.into_iter().flatten()) {
            arguments.extend_from_slice(&(text.len() as u64).to_be_bytes());
            arguments.extend_from_slice(text.as_bytes());
        }
        arguments
    }
}

/// The tables of a cache, one for each instantiation of its function, as the untyped half knows them.
pub(crate) trait Member: Send + Sync {
    /// The fence of the table, to wait for writes that were admitted.
    fn quiet(&self) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    /// Gives up waiting for writes that were admitted.
    fn overtake(&self) -> Vec<Overtaken>;
    /// Drops what is in memory.
    fn empty(&self);
    /// Entries, and what they weigh.
    fn size(&self) -> (u64, u64);
    /// Removes what has expired.
    fn sweep(&self);
    /// Removes what is kept in front of a store of an entry that has changed there.
    fn changed(&self, tier: usize, mark: u64);
}

/// The untyped half of a cache.
#[derive(Debug)]
pub struct Core {
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) config: Config,
    /// The isolation that it is in, by number.
    pub(crate) isolation: Option<u64>,
    /// What the settings of the process say.
    pub(crate) ruling: Ruling,
    /// Whether the cache is switched off.
    pub(crate) off: bool,
    /// How long a caller waits for another's load.
    pub(crate) patience: Duration,
    pub(crate) clock: Clock,
    pub(crate) bound: Option<Bound>,
    /// How long values live in memory at most.
    pub(crate) memory_ttl: Option<Duration>,
    /// The rate limit, and the user's own.
    pub(crate) strategies: List,
    /// Where bodies wait, if only so many may run at once.
    pub(crate) gate: Option<Arc<Gate>>,
    pub(crate) counters: Counters,
    published: Published,
    pub(crate) generation: Arc<Generation>,
    pub(crate) local: Mutex<LocalCount>,
    tiers: Vec<Arc<Tier>>,
    /// Where memory stands in the list of backends, if it does.
    place_of_memory: Option<usize>,
    /// Whether entries may have tags: as the function says, or since calls were given some, or one was found in a store.
    tagged: AtomicBool,
    /// One for each tier.
    pub(crate) graves: Vec<Graves>,
    /// The same for the tokens of tags.
    pub(crate) tag_graves: Vec<Graves>,
    remembered: Vec<tokens::Remembered>,
    last_load: AtomicU64,
    last_removal: AtomicU64,
    retrying: AtomicBool,
    /// What was said last of keys that can't be stored.
    key_fault: Mutex<String>,
    members: Mutex<Members>,
    /// Calls with different arguments write one entry, if there is one slot for all.
    slot: Turns,
    /// Who waits for the news of a change in a store.
    pub(crate) news: News,
}

#[derive(Default)]
struct Members(Vec<Weak<dyn Member>>);

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tables", self.0.len())
    }
}

/// How many entries of the current generation tables of single threads hold.
#[derive(Debug, Default)]
pub(crate) struct LocalCount {
    generation: u64,
    entries: u64,
    weight: u64,
}

impl LocalCount {
    /// Adds to the count of a generation, which starts anew with each.
    pub(crate) fn add(&mut self, generation: u64, entries: u64, weight: u64) {
        if self.generation != generation {
            *self = Self { generation, ..Self::default() };
        }
        self.entries += entries;
        self.weight = self.weight.saturating_add(weight);
    }

    /// Takes from the count of a generation, if it is this one's.
    pub(crate) fn take(&mut self, generation: u64, entries: u64, weight: u64) {
        if self.generation == generation {
            self.entries = self.entries.saturating_sub(entries);
            self.weight = self.weight.saturating_sub(weight);
        }
    }
}

/// What the table of one thread adds to the count of all, while it exists.
#[derive(Debug)]
pub(crate) struct LocalShare {
    core: Arc<Core>,
    own: Mutex<LocalCount>,
}

impl LocalShare {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, own: Mutex::default() }
    }

    /// Counts an entry. Says whether it is the first of its generation, so that all others were cleared.
    pub(crate) fn add(&self, generation: u64, weight: u64) -> bool {
        let mut own = lock(&self.own);
        let first = own.generation != generation;
        own.add(generation, 1, weight);
        lock(&self.core.local).add(generation, 1, weight);
        first
    }

    pub(crate) fn take(&self, generation: u64, weight: u64) {
        lock(&self.own).take(generation, 1, weight);
        lock(&self.core.local).take(generation, 1, weight);
    }
}

impl Drop for LocalShare {
    fn drop(&mut self) {
        let own = lock(&self.own);
        lock(&self.core.local).take(own.generation, own.entries, own.weight);
    }
}

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

/// What the entries of a namespace say of themselves.
fn headers(store: &tier::Store, namespace: &str) -> Result<Vec<Header>> {
    if store.format.conceals() || store.format.is_bare() {
        let message = format!("entries in the format `{}` don't say of which call they are", store.format.name());
        return Err(Error::new(Kind::Unsupported, message));
    }
    let mut found = Vec::new();
    store.backend.scan(namespace, &mut |scanned| {
        found.extend(envelope::inspect(&scanned.entry).filter(|header| header.namespace == namespace));
        true
    })?;
    Ok(found)
}

impl Drop for Core {
    fn drop(&mut self) {
        self.publish();
        self.tiers.iter().for_each(|tier| tier.claimant().release());
    }
}

/// What the slot of a function with `single` is called.
const SLOT: &str = "single";

const SWEEP: Duration = Duration::from_secs(300);

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
        if self.bound.is_some() && !self.config.wraps.limits.are_none() {
            let text = "typed memory has an order of its own, so `eviction`, `process_memory` and `frequency` say nothing: \
                        write `memory://?format=msgpack` for memory that keeps bytes";
            self.fault(Error::new(Kind::Invalid, text));
        }
    }

    /// A call as strategies see it.
    pub(crate) fn call(&self, key: Option<u64>, partition: u64) -> Call<'_> {
        Call { cache: &self.name, key, partition, items: 1, now: self.clock.elapsed() }
    }

    /// Where the rate of all processes is kept, and what it is for a call; `None` if each has its own.
    pub(crate) fn shared_rate(&self, call: &Call<'_>) -> Option<(Arc<Tier>, backend::Key, Pace)> {
        let limit = self.config.limit.as_ref().filter(|_| self.config.shared_rate)?;
        let tier = self.tiers.last().map(Arc::clone)?;
        let (interval, tolerance) = limit.spacing(call);
        // All versions of a function count together.
        let function = self.namespace.split('@').next().unwrap_or_default();
        let name = format!("{}-{:016x}", limit.name(), call.partition()).into();
        let key = backend::Key { namespace: function.into(), name, format: "rate" };
        Some((tier, key, Pace::new(interval, tolerance)))
    }

    pub(crate) fn has_stores(&self) -> bool {
        !self.tiers.is_empty()
    }

    pub(crate) fn tiers(&self) -> &[Arc<Tier>] {
        &self.tiers
    }

    /// Whether entries may have tags.
    pub(crate) fn has_tags(&self) -> bool {
        self.tagged.load(Ordering::SeqCst)
    }

    /// Says that an entry may have tags, whatever the function says.
    pub(crate) fn note_tags(&self) {
        self.tagged.store(true, Ordering::SeqCst);
    }

    /// The same as calls are given some. Who has not seen that does not know that stores must hear of them.
    pub(crate) fn note_given_tags(&self) {
        if !self.tagged.swap(true, Ordering::SeqCst) && self.has_stores() {
            let text = "calls are given tags, and the function says none: `invalidate_tag` tells its stores only where \
                        that is known; say one in its `tags = [..]`, so that all processes do";
            self.fault(Error::new(Kind::Invalid, text));
        }
    }

    /// Where writes to the first stores are driven for an async caller.
    pub(crate) fn place_of_writes(&self, stores: usize) -> Place {
        let places = self.tiers[..stores].iter().map(|tier| tier.place_of_writes());
        let worst = places.reduce(|one, other| match (one, other) {
            (Place::Worker, _) | (_, Place::Worker) => Place::Worker,
            (Place::Io, _) | (_, Place::Io) => Place::Io,
            (Place::Here, Place::Here) => Place::Here,
        });
        match worst.unwrap_or(Place::Here) {
            // The turn at the one slot blocks.
            Place::Io if self.config.single => Place::Worker,
            place => place,
        }
    }

    /// Whether loads of all processes take turns by leases of this store: the last one.
    pub(crate) fn has_leases(&self, tier: usize) -> bool {
        self.config.distributed && tier + 1 == self.tiers.len()
    }

    pub(crate) fn join(&self, member: Weak<dyn Member>) {
        let mut members = lock(&self.members);
        members.0.retain(|member| member.strong_count() > 0);
        members.0.push(member);
    }

    fn members(&self) -> Vec<Arc<dyn Member>> {
        lock(&self.members).0.iter().filter_map(Weak::upgrade).collect()
    }

    /// Counts and reports what went wrong while the caller goes on. What is too large is only counted.
    pub(crate) fn fault(&self, error: Error) {
        if error.kind() == Kind::TooLarge {
            return self.counters.refusals.add(1);
        }
        self.counters.store_errors.add(1);
        if error.kind() != Kind::Skipped {
            observe::report(Fault { cache: Arc::clone(&self.name), error });
        }
    }

    /// The key, or `None` with a fault. One that repeats itself is counted each time, and reported once: without a
    /// secret key no call can be stored.
    pub(crate) fn key_or_fault<T>(&self, key: Result<T>) -> Option<T> {
        let error = match key {
            Ok(key) => return Some(key),
            Err(error) => error,
        };
        let text = error.to_string();
        let again = *lock(&self.key_fault) == text;
        if again {
            self.counters.store_errors.add(1);
        } else {
            *lock(&self.key_fault) = text;
            self.fault(error);
        }
        None
    }

    /// What `operation` answered, or `None` with a fault.
    pub(crate) fn or_fault<T>(&self, answer: Result<T>) -> Option<T> {
        answer.map_err(|error| self.fault(error)).ok()
    }

    /// Hands over what was counted since the last time.
    pub(crate) fn publish(&self) {
        observe::publish(&self.name, &self.counters, &self.published);
    }

    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.counters.read();
        (stats.entries, stats.bytes) = self.size();
        stats.pending_removals = self.graves.iter().map(Graves::count).sum();
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

    /// The encoded keys of the entries of the last tier that are within their time.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] if there is no store, or it has no [`scan`](crate::backend::Backend::scan).
    pub(crate) async fn keys(self: &Arc<Self>, shell: Shell) -> Result<Vec<Vec<u8>>> {
        let text = "memory alone can't be walked through: add a store";
        let tier = self.tiers.last().ok_or_else(|| Error::new(Kind::Unsupported, text))?;
        let (tier, namespace) = (Arc::clone(tier), Arc::clone(&self.namespace));
        let quick = tier.reads_quickly();
        let found = bridge::run(shell, quick, move || tier.operate(|store| headers(store, &namespace))).await?;
        let now = self.clock.stamp();
        let lives = |entry: &Header| life::remaining(&entry.times, &Terms::new(), now).is_some();
        let lives = found.into_iter().filter(lives).filter(|entry| !self.is_buried(entry));
        Ok(lives.map(|entry| entry.key).collect())
    }

    /// Whether an entry of the last tier was removed, and only stands there because the store could not be reached.
    fn is_buried(&self, entry: &Header) -> bool {
        let graves = self.graves.last().filter(|graves| graves.count() > 0);
        graves.is_some_and(|graves| {
            let name = self.or_fault(named(|| self.stored_name(&entry.key)));
            name.is_some_and(|name| graves.holds(&name, entry.times.load_began))
        })
    }

    /// What the keyer makes of an encoded key.
    pub(crate) fn stored_name(&self, identity: &[u8]) -> String {
        if self.config.single {
            return SLOT.to_owned();
        }
        let call = CallKey::of(&self.namespace, self.config.name, self.config.arguments, identity);
        self.config.keyer.as_ref().map_or_else(|| Hash.name(&call), |keyer| keyer.name(&call))
    }

    /// Where an entry is put in a store.
    ///
    /// # Errors
    /// When names there take a secret key, and none is set.
    pub(crate) fn store_key(&self, store: &tier::Store, name: &Arc<str>) -> Result<backend::Key> {
        if store.format.conceals() {
            return Ok(self.concealed_key(store, name, &*secret::keys()?));
        }
        Ok(self.key_named(store, Arc::clone(name)))
    }

    /// Whether a store tells of changes by others.
    pub(crate) fn hears_of_others(&self) -> bool {
        self.tiers.iter().any(|tier| tier.watched().is_some())
    }

    /// What the stores that tell of changes by others call an entry.
    pub(crate) fn marks(&self, name: &Arc<str>) -> impl Iterator<Item = u64> {
        let stores = self.tiers.iter().filter_map(|tier| tier.watched());
        stores.filter_map(|store| store.mark(&self.store_key(store, name).ok()?))
    }

    /// Where else it may be: under names that secret keys of earlier made.
    pub(crate) fn earlier_keys(&self, store: &tier::Store, name: &Arc<str>) -> Result<Vec<backend::Key>> {
        if !store.format.conceals() {
            return Ok(Vec::new());
        }
        Ok(secret::all()?.iter().skip(1).map(|keys| self.concealed_key(store, name, keys)).collect())
    }

    fn concealed_key(&self, store: &tier::Store, name: &str, keys: &secret::Keys) -> backend::Key {
        self.key_named(store, keys.name(&self.namespace, name).into())
    }

    fn key_named(&self, store: &tier::Store, name: Arc<str>) -> backend::Key {
        backend::Key { namespace: Arc::clone(&self.namespace), name, format: store.format.name() }
    }

    /// Whether nothing can be stored for want of a secret key.
    pub(crate) fn lacks_secret(&self) -> Result<()> {
        if self.tiers.iter().any(|tier| tier.conceals()) { secret::keys().map(drop) } else { Ok(()) }
    }

    /// The right to write to the slot of all calls, where there is one; a store has one writer of an entry at a time.
    pub(crate) fn turn(&self, key: &backend::Key) -> Option<Turn<'_>> {
        self.config.single.then(|| self.slot.take(key))
    }

    /// Removes what has expired, from memory and from stores.
    pub(crate) async fn purge(self: &Arc<Self>, shell: Shell) {
        self.members().iter().for_each(|member| member.sweep());
        if self.has_stores() {
            let core = Arc::clone(self);
            let quick = self.tiers.iter().all(|tier| tier.writes_quickly());
            bridge::run(shell, quick, move || core.sweep_stores()).await;
        }
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
