//! `u64 -> u64`, never with the same argument twice, in a cache that is full.

use cached::macros::{cached, concurrent_cached};
use cacher::cache;
use memoize::memoize;

use super::{TTL, bare, fresh, names};
use crate::harness::{Column, Row};

const CAPACITY: u64 = 10_000;

fn body(n: u64) -> u64 {
    n ^ 1
}

#[cache(capacity = 10_000)]
fn without_ttl(n: u64) -> u64 {
    body(n)
}

#[cache(capacity = 10_000, ttl = "1m")]
fn with_ttl(n: u64) -> u64 {
    body(n)
}

#[cached(max_size = 10_000, sync_writes = "by_key")]
fn cached_without_ttl(n: u64) -> u64 {
    body(n)
}

#[cached(max_size = 10_000, ttl_secs = 60, sync_writes = "by_key")]
fn cached_with_ttl(n: u64) -> u64 {
    body(n)
}

#[concurrent_cached(max_size = 10_000)]
fn concurrent_without_ttl(n: u64) -> u64 {
    body(n)
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 60)]
fn concurrent_with_ttl(n: u64) -> u64 {
    body(n)
}

#[memoize(SharedCache, Capacity: 10_000)]
fn memoize_without_ttl(n: u64) -> u64 {
    body(n)
}

#[memoize(SharedCache, Capacity: 10_000, TimeToLive: TTL)]
fn memoize_with_ttl(n: u64) -> u64 {
    body(n)
}

pub(super) fn rows() -> Vec<Row> {
    let moka = moka::sync::Cache::new(CAPACITY);
    let moka_ttl = moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    let row = |name| {
        let table = bare(CAPACITY);
        let load = move |key| table.get_or_insert_with::<_, std::convert::Infallible>(&key, || Ok(body(key)));
        Row::new(name).with(Column::Bare, fresh(load))
    };
    vec![
        row(names::MISS)
            .with(Column::Cacher, fresh(without_ttl))
            .with(Column::Cached, fresh(cached_without_ttl))
            .with(Column::ConcurrentCached, fresh(concurrent_without_ttl))
            .with(Column::Memoize, fresh(memoize_without_ttl))
            .with(Column::Moka, fresh(move |key| moka.get_with(key, || body(key)))),
        row("miss `u64 -> u64`, TTL")
            .with(Column::Cacher, fresh(with_ttl))
            .with(Column::Cached, fresh(cached_with_ttl))
            .with(Column::ConcurrentCached, fresh(concurrent_with_ttl))
            .with(Column::Memoize, fresh(memoize_with_ttl))
            .with(Column::Moka, fresh(move |key| moka_ttl.get_with(key, || body(key)))),
    ]
}
