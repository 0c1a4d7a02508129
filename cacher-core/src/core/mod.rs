//! The half of a cache that has no types: its name, its counters, its stores.

mod coherence;
mod config;
mod content;
mod count;
mod graves;
mod known;
mod left_out;
mod names;
mod opening;
mod removals;
mod stand_ins;
mod sweep;
pub(crate) mod tokens;

pub(crate) use crate::work::{on_worker_at, within};
use coherence::News;
pub(crate) use coherence::{Hearing, Subject};
pub use config::{Config, OnLimit};
use count::LocalCount;
pub(crate) use count::LocalShare;
use graves::Graves;
pub(crate) use left_out::LeftOut;
pub(crate) use removals::DRAIN;
pub use removals::Removal;
pub(crate) use stand_ins::StandIns;

use std::time::Duration;

use crate::{
    backend::{self, Pace},
    bridge::Place,
    clock::Clock,
    error::{Error, Kind, Result},
    fault::Fault,
    fence::{Generation, Overtaken},
    gate::Gate,
    memory::table::Bound,
    observe::{self, Published},
    settings::Ruling,
    stats::{Counters, Stats},
    strategy::{Call, list::List},
    sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering, Weak, lock},
    tier::Tier,
    wrap::turns::{Turn, Turns},
};

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
    local: Mutex<LocalCount>,
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

impl Drop for Core {
    fn drop(&mut self) {
        self.publish();
        self.tiers.iter().for_each(|tier| tier.claimant().release());
    }
}

impl Core {
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

    /// The right to write to the slot of all calls, where there is one; a store has one writer of an entry at a time.
    pub(crate) fn turn(&self, key: &backend::Key) -> Option<Turn<'_>> {
        self.config.single.then(|| self.slot.take(key))
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
