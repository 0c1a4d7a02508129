//! What a cache counts.

use std::{cell::Cell, time::Duration};

use crate::sync::{AtomicU64, Mutex, Ordering, global, lock, thread_local};

/// What a cache has done since it was first used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered from memory or a store.
    pub hits: u64,
    /// Calls that found nothing fresh.
    pub misses: u64,
    /// Calls answered with a value past its TTL: while it was loaded anew, because its load had failed or took too long,
    /// or because a rate limit or a strategy held the body back.
    pub stale_hits: u64,
    /// Calls answered with the error of an earlier load, by `error_ttl`.
    pub error_hits: u64,
    /// Bodies that ran.
    pub loads: u64,
    /// Bodies that have found the [`previous`](crate::previous::previous) value to be still good.
    pub renewals: u64,
    /// Items that bodies of batches were asked for.
    pub items: u64,
    /// Loads beside another of the same key, because waiting for that one would have been in vain or took too long.
    pub lone_loads: u64,
    /// Loads that ended in an error, a panic or by being dropped.
    pub load_failures: u64,
    /// The time of all loads together.
    pub load_time: Duration,
    /// Calls that came while another one's load was under way: they waited for it, or got an old value meanwhile.
    pub waits: u64,
    /// Entries that had to make room for others, in memory or in a store with limits.
    pub evictions: u64,
    /// Entries found or swept past their time.
    pub expirations: u64,
    /// Values that were returned but not kept: too large, or turned down by `cache_if` or a strategy.
    pub refusals: u64,
    /// Calls whose body a rate limit or a strategy held back: made to wait, or turned down.
    pub limited: u64,
    /// Faults of stores and formats. Each is reported to [`on_fault`](crate::fault::on_fault).
    pub store_errors: u64,
    /// Removals that a store has not carried out yet. They are retried; until then the entries are not served.
    pub pending_removals: u64,
    /// Entries in memory now.
    pub entries: u64,
    /// What the entries in memory weigh, with `max_bytes`; else 0.
    pub bytes: u64,
}

impl Stats {
    /// The share of calls that were hits; 0 before the first call.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    pub fn hit_rate(&self) -> f64 {
        match self.hits + self.misses {
            0 => 0.0,
            calls => self.hits as f64 / calls as f64,
        }
    }

    /// Adds what another cache counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.stale_hits += other.stale_hits;
        self.error_hits += other.error_hits;
        self.loads += other.loads;
        self.renewals += other.renewals;
        self.items += other.items;
        self.lone_loads += other.lone_loads;
        self.load_failures += other.load_failures;
        self.load_time += other.load_time;
        self.waits += other.waits;
        self.evictions += other.evictions;
        self.expirations += other.expirations;
        self.refusals += other.refusals;
        self.limited += other.limited;
        self.store_errors += other.store_errors;
        self.pending_removals += other.pending_removals;
        self.entries += other.entries;
        self.bytes += other.bytes;
    }
}

/// A count that any thread adds to.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of a cache.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) hits: Striped,
    pub(crate) misses: Counter,
    pub(crate) loads: Counter,
    pub(crate) renewals: Counter,
    pub(crate) items: Counter,
    pub(crate) lone_loads: Counter,
    pub(crate) load_failures: Counter,
    pub(crate) load_nanos: Counter,
    pub(crate) waits: Counter,
    pub(crate) evictions: Counter,
    pub(crate) expirations: Counter,
    pub(crate) refusals: Counter,
    pub(crate) limited: Counter,
    pub(crate) stale_hits: Counter,
    pub(crate) error_hits: Counter,
    pub(crate) store_errors: Counter,
}

impl Counters {
    /// What was counted; `entries`, `bytes` and `pending_removals` are not counters, and zero.
    pub(crate) fn read(&self) -> Stats {
        Stats {
            hits: self.hits.get(),
            misses: self.misses.get(),
            loads: self.loads.get(),
            renewals: self.renewals.get(),
            items: self.items.get(),
            lone_loads: self.lone_loads.get(),
            load_failures: self.load_failures.get(),
            load_time: Duration::from_nanos(self.load_nanos.get()),
            waits: self.waits.get(),
            evictions: self.evictions.get(),
            expirations: self.expirations.get(),
            refusals: self.refusals.get(),
            limited: self.limited.get(),
            stale_hits: self.stale_hits.get(),
            error_hits: self.error_hits.get(),
            store_errors: self.store_errors.get(),
            ..Stats::default()
        }
    }
}

/// A count that is cheap to add to from a hot path: each of the first threads has a cell of its own, which it alone
/// writes, without an atomic read-modify-write.
#[derive(Debug, Default)]
pub(crate) struct Striped {
    own: [Padded; STRIPES],
    rest: Counter,
}

const STRIPES: usize = 16;

/// A cell on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

impl Padded {
    #[inline]
    fn add_one(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

impl Striped {
    #[inline]
    pub(crate) fn add_one(&self) {
        match self.own.get(STRIPE.get()) {
            Some(own) => own.add_one(),
            None => self.add_one_elsewhere(),
        }
    }

    /// On a thread that has no stripe, or that counts for the first time.
    #[cold]
    #[inline(never)]
    fn add_one_elsewhere(&self) {
        match self.own.get(stripe()) {
            Some(own) => own.add_one(),
            None => self.rest.add(1),
        }
    }

    fn get(&self) -> u64 {
        self.rest.get() + self.own.iter().map(|own| own.0.load(Ordering::Relaxed)).sum::<u64>()
    }
}

thread_local! {
    /// `usize::MAX` before the first use; `STRIPES` if there is none for this thread.
    static STRIPE: Cell<usize> = const { Cell::new(usize::MAX) };
    static LEASE: Lease = Lease::take();
}

/// The stripe of this thread. No two live threads have the same, unless it is `STRIPES`.
fn stripe() -> usize {
    if STRIPE.get() == usize::MAX {
        STRIPE.set(LEASE.try_with(|lease| lease.0).unwrap_or(STRIPES));
    }
    STRIPE.get()
}

global! {
    /// The stripes that ended threads gave back.
    static FREE: Mutex<(Vec<usize>, usize)> = Mutex::new((Vec::new(), 0));
}

/// A stripe for as long as a thread lives.
struct Lease(usize);

impl Lease {
    fn take() -> Self {
        let mut free = lock(&FREE);
        Self(free.0.pop().unwrap_or_else(|| {
            free.1 = (free.1 + 1).min(STRIPES + 1);
            free.1 - 1
        }))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        STRIPE.set(STRIPES);
        if self.0 < STRIPES {
            lock(&FREE).0.push(self.0);
        }
    }
}
