//! The functions under test: the same job, done with each crate as its README tells its users.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::harness::{Batch, KEYS, Row};

mod large;
mod miss;
mod number;
mod pair;

/// The names of rows that a budget is about.
pub(crate) mod names {
    pub(crate) const U64_TTL: &str = "hit `u64 -> u64`, TTL";
    pub(crate) const ARC_TTL: &str = "hit `(&str, u64) -> Arc<str>`, TTL";
    pub(crate) const MISS: &str = "miss `u64 -> u64`";
}

/// What the columns mean.
pub(crate) const NOTES: &[&str] = &[
    "bare quick_cache: `get` alone, by a borrowed key, with the hasher and the lock that cacher uses; no TTL, no counts. \
     For misses, `get_or_insert_with`, which loads once per key at a time.",
    "cached: `#[cached]`, for misses with `sync_writes = \"by_key\"`; concurrent: `#[concurrent_cached]`. A `&str` needs \
     `key` and `convert`, which allocate a `String` on each call. A generic function needs one concrete key type.",
    "memoize: `SharedCache`, except on one thread, where its default is a map of each thread. Takes owned arguments, so \
     the caller allocates the `String`; the map clones it once more to look it up. No generic functions; an `async` \
     function's future is not awaited. For misses `Capacity: 10_000`; it does not stop equal loads at the same time.",
    "moka: `get` by a borrowed key for hits, `get_with` for misses. It has no attribute, so nothing for generic \
     functions, and no cache of one thread.",
];

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = number::rows();
    rows.extend(pair::rows());
    rows.extend(large::rows());
    rows.extend(miss::rows());
    rows
}

/// Calls with each key in turn.
pub(crate) fn each<K: Copy + Sync + 'static, V>(keys: &'static [K], call: impl Fn(K) -> V + Sync + 'static) -> Batch {
    Box::new(move |passes| {
        for _ in 0..passes {
            for &key in keys {
                black_box(call(black_box(key)));
            }
        }
    })
}

/// Calls with a key that no call had before.
fn fresh<V>(call: impl Fn(u64) -> V + Sync + 'static) -> Batch {
    let next = AtomicU64::new(0);
    Box::new(move |passes| {
        let count = passes * KEYS;
        let first = next.fetch_add(count, Ordering::Relaxed);
        for key in first..first + count {
            black_box(call(black_box(key)));
        }
    })
}

/// The keys of all rows with one number.
pub(crate) fn numbers() -> &'static [u64] {
    (0..KEYS).map(|key| key.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect::<Vec<_>>().leak()
}

/// The bare table.
type Bare<K, V> = quick_cache::sync::Cache<K, V, quick_cache::UnitWeighter, foldhash::fast::RandomState>;

fn bare<K: Eq + std::hash::Hash, V: Clone>(capacity: u64) -> Bare<K, V> {
    let items = usize::try_from(capacity).unwrap_or(usize::MAX);
    Bare::with(
        items,
        capacity,
        quick_cache::UnitWeighter,
        foldhash::fast::RandomState::default(),
        quick_cache::sync::DefaultLifecycle::default(),
    )
}

/// Far more than the keys, so that nothing is evicted.
const ROOM: u64 = 1 << 17;

/// Longer than any measurement.
pub(crate) const TTL: std::time::Duration = std::time::Duration::from_hours(1);
