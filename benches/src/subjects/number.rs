//! `u64 -> u64`.

use std::{
    cell::RefCell,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use cached::macros::{cached, concurrent_cached};
use cacher::cache;
use memoize::memoize;

use super::{Bare, ROOM, TTL, bare, each, names, numbers};
use crate::harness::{Column, Row};

fn body(n: u64) -> u64 {
    n ^ 1
}

#[cache(ttl = "1h")]
fn with_ttl(n: u64) -> u64 {
    body(n)
}

#[cache]
fn without_ttl(n: u64) -> u64 {
    body(n)
}

#[cache(ttl = "1h")]
fn generic<T: Copy + Eq + std::hash::Hash + Send + Sync + Into<u64> + 'static>(n: T) -> u64 {
    body(n.into())
}

#[cache(thread_local, ttl = "1h")]
fn on_one_thread(n: u64) -> u64 {
    body(n)
}

#[cache(ttl = "1h")]
async fn asynchronous(n: u64) -> u64 {
    std::future::ready(body(n)).await
}

#[cached(ttl_secs = 3600)]
fn cached_with_ttl(n: u64) -> u64 {
    body(n)
}

#[cached]
fn cached_without_ttl(n: u64) -> u64 {
    body(n)
}

#[cached(ttl_secs = 3600)]
async fn cached_asynchronous(n: u64) -> u64 {
    std::future::ready(body(n)).await
}

#[concurrent_cached(ttl_secs = 3600)]
fn concurrent_with_ttl(n: u64) -> u64 {
    body(n)
}

#[concurrent_cached]
fn concurrent_without_ttl(n: u64) -> u64 {
    body(n)
}

#[concurrent_cached(ttl_secs = 3600)]
async fn concurrent_asynchronous(n: u64) -> u64 {
    std::future::ready(body(n)).await
}

#[memoize(SharedCache, TimeToLive: TTL)]
fn memoize_with_ttl(n: u64) -> u64 {
    body(n)
}

#[memoize(SharedCache)]
fn memoize_without_ttl(n: u64) -> u64 {
    body(n)
}

#[memoize(TimeToLive: TTL)]
fn memoize_on_one_thread(n: u64) -> u64 {
    body(n)
}

thread_local! {
    static LOCAL: RefCell<quick_cache::unsync::Cache<u64, u64, quick_cache::UnitWeighter, foldhash::fast::RandomState>> =
        RefCell::new(quick_cache::unsync::Cache::with(
            usize::try_from(ROOM).unwrap_or(usize::MAX),
            ROOM,
            quick_cache::UnitWeighter,
            foldhash::fast::RandomState::default(),
            quick_cache::unsync::DefaultLifecycle::default(),
        ));
}

/// A future that is ready at once, as that of a hit is.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing to wait for"),
    }
}

pub(super) fn rows() -> Vec<Row> {
    let keys = numbers();
    let table: Arc<Bare<u64, u64>> = Arc::new(bare(ROOM));
    let (moka, moka_ttl) = (moka::sync::Cache::new(ROOM), moka_with_ttl());
    for &key in keys {
        table.insert(key, body(key));
        moka.insert(key, body(key));
        moka_ttl.insert(key, body(key));
        LOCAL.with_borrow_mut(|table| table.insert(key, body(key)));
        // The first instantiation.
        #[expect(clippy::cast_possible_truncation, reason = "any will do")]
        generic(key as u32);
    }
    let bare = || {
        let table = Arc::clone(&table);
        each(keys, move |key| table.get(&key))
    };
    let row = |name| Row::new(name).with(Column::Bare, bare());
    let ttl = |name| {
        let moka = moka_ttl.clone();
        row(name)
            .with(Column::Cacher, each(keys, with_ttl))
            .with(Column::Cached, each(keys, cached_with_ttl))
            .with(Column::ConcurrentCached, each(keys, concurrent_with_ttl))
            .with(Column::Memoize, each(keys, memoize_with_ttl))
            .with(Column::Moka, each(keys, move |key| moka.get(&key)))
    };
    vec![
        ttl(names::U64_TTL),
        ttl("hit `u64 -> u64`, TTL, 2 threads").threads(2),
        row("hit `u64 -> u64`")
            .with(Column::Cacher, each(keys, without_ttl))
            .with(Column::Cached, each(keys, cached_without_ttl))
            .with(Column::ConcurrentCached, each(keys, concurrent_without_ttl))
            .with(Column::Memoize, each(keys, memoize_without_ttl))
            .with(Column::Moka, each(keys, move |key| moka.get(&key))),
        row("hit `T -> u64`, TTL, second instantiation").with(Column::Cacher, each(keys, generic::<u64>)),
        Row::new("hit `u64 -> u64`, TTL, `thread_local`")
            .with(Column::Bare, each(keys, |key| LOCAL.with_borrow_mut(|table| table.get(&key).copied())))
            .with(Column::Cacher, each(keys, on_one_thread))
            .with(Column::Memoize, each(keys, memoize_on_one_thread)),
        row("hit `async u64 -> u64`, TTL")
            .with(Column::Cacher, each(keys, |key| ready(asynchronous(key))))
            .with(Column::Cached, each(keys, |key| ready(cached_asynchronous(key))))
            .with(Column::ConcurrentCached, each(keys, |key| ready(concurrent_asynchronous(key))))
            .with(Column::Moka, asynchronous_moka(keys)),
    ]
}

fn moka_with_ttl() -> moka::sync::Cache<u64, u64> {
    moka::sync::Cache::builder().max_capacity(ROOM).time_to_live(TTL).build()
}

fn asynchronous_moka(keys: &'static [u64]) -> crate::harness::Batch {
    let moka = moka::future::Cache::builder().max_capacity(ROOM).time_to_live(TTL).build();
    for &key in keys {
        ready(moka.insert(key, body(key)));
    }
    each(keys, move |key| ready(moka.get(&key)))
}
