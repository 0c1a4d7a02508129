//! What an item costs in a batch of 10,000, all, half or none of which are cached: beside a loop by hand over the same
//! kind of cache, and beside one call of a function for each item.

use std::{
    collections::HashMap,
    hint::black_box,
    time::{Duration, Instant},
};

use cacher::{Cache, Removal, cache};

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "batch";

const ITEMS: u64 = 10_000;
const ROUNDS: usize = 31;

fn load(ids: &[u64]) -> Vec<u64> {
    ids.iter().map(|id| id * 2).collect()
}

#[cache(batch = ids, ttl = "1h", capacity = 100_000)]
fn batch(ids: &[u64]) -> Vec<u64> {
    load(ids)
}

#[cache(ttl = "1h", capacity = 100_000)]
fn single(id: u64) -> u64 {
    id * 2
}

/// What is written where there is no attribute for it.
fn by_hand(cache: &Cache<u64, u64>, ids: &[u64]) -> Vec<u64> {
    let found = cache.get_many(ids);
    let missing: Vec<_> = ids.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(id, _)| *id).collect();
    let loaded: HashMap<_, _> = missing.iter().copied().zip(load(&missing)).collect();
    cache.set_many(loaded.iter().map(|(id, value)| (id, *value)));
    ids.iter().zip(found).filter_map(|(id, found)| found.or_else(|| loaded.get(id).copied())).collect()
}

/// Prints the table.
pub(crate) fn measure() {
    println!("\nBatches of {ITEMS} items: nanoseconds an item.\n");
    println!("| cached before | batch | loop by hand | a call for each |\n|---|---:|---:|---:|");
    let cache = Cache::builder().ttl(Duration::from_hours(1)).capacity(100_000).build();
    let Ok(cache) = cache else { return };
    for (name, known) in [("all", ITEMS), ("half", ITEMS / 2), ("none", 0)] {
        let of_batch = nanos(known, &|ids| batch(ids), &|| drop_all(batch::cache().clear()));
        let of_hand = nanos(known, &|ids| by_hand(&cache, ids), &|| drop_all(cache.clear()));
        let each = |ids: &[u64]| ids.iter().map(|id| single(*id)).collect();
        let of_calls = nanos(known, &each, &|| drop_all(single::cache().clear()));
        println!("| {name} | {of_batch:.0} | {of_hand:.0} | {of_calls:.0} |");
    }
}

/// Nothing of an earlier round is there.
fn drop_all(removal: Removal) {
    assert!(matches!(removal, Removal::Removed | Removal::Absent), "{removal:?}");
}

/// The median time an item takes, when so many of them are cached.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn nanos(known: u64, call: &dyn Fn(&[u64]) -> Vec<u64>, clear: &dyn Fn()) -> f64 {
    let ids: Vec<_> = (0..ITEMS).collect();
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            clear();
            black_box(call(&ids[..usize::try_from(known).unwrap_or_default()]));
            let begin = Instant::now();
            black_box(call(black_box(&ids)));
            begin.elapsed()
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2].as_nanos() as f64 / ITEMS as f64
}
