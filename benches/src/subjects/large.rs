//! `u64 ->` a struct of 1 KiB in several allocations.

use cached::macros::{cached, concurrent_cached};
use cacher::cache;
use memoize::memoize;

use super::{ROOM, bare, each, numbers};
use crate::harness::{Column, Row};

/// 1 KiB: 16 names of 32 bytes and 64 numbers.
#[derive(Clone, Debug)]
pub(super) struct Large {
    _names: Vec<String>,
    _numbers: Vec<u64>,
}

/// The names, their list, the list of numbers.
const ALLOCATIONS: u64 = 18;

fn body(n: u64) -> Large {
    Large { _names: (0..16).map(|at| format!("{n:020}{at:012}")).collect(), _numbers: vec![n; 64] }
}

#[cache]
fn large(n: u64) -> Large {
    body(n)
}

#[cached]
fn cached_large(n: u64) -> Large {
    body(n)
}

#[concurrent_cached]
fn concurrent_large(n: u64) -> Large {
    body(n)
}

#[memoize(SharedCache)]
fn memoize_large(n: u64) -> Large {
    body(n)
}

pub(super) fn rows() -> Vec<Row> {
    let keys = numbers();
    let (table, moka) = (bare::<u64, Large>(ROOM), moka::sync::Cache::new(ROOM));
    for &key in keys {
        table.insert(key, body(key));
        moka.insert(key, body(key));
    }
    vec![
        Row::new("hit `u64 ->` 1 KiB in 18 allocations")
            .own_clone(ALLOCATIONS)
            .with(Column::Cacher, each(keys, large))
            .with(Column::Bare, each(keys, move |key| table.get(&key)))
            .with(Column::Cached, each(keys, cached_large))
            .with(Column::ConcurrentCached, each(keys, concurrent_large))
            .with(Column::Memoize, each(keys, memoize_large))
            .with(Column::Moka, each(keys, move |key| moka.get(&key))),
    ]
}
