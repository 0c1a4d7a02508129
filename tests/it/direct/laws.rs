//! What holds for functions with a cache holds for caches without one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use ::cacher::{
    backend::{self, Backend},
    bypass, only_if_cached, read_only,
};

use super::prelude::*;
use crate::{
    common::faults,
    support::{Gate, ends, panics, until},
};

type Numbers = Cache<String, u64>;

#[test]
fn there_is_one_load_per_key() {
    let cache: Numbers = Cache::builder().build().unwrap();
    let loads = AtomicU64::new(0);
    let go = Gate::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let value = cache.get_or_load("a", || {
                    loads.fetch_add(1, SeqCst);
                    go.pass();
                    7
                });
                assert_eq!(value, 7);
            });
        }
        until(|| cache.stats().waits == 7);
        go.open();
    });
    assert_eq!((loads.load(SeqCst), cache.stats().loads), (1, 1));
}

#[test]
fn an_error_is_kept_nowhere() {
    let cache: Numbers = Cache::builder().build().unwrap();
    assert_eq!(cache.try_get_or_load("a", || Err("no")), Err("no"));
    assert_eq!(cache.get("a"), None);
    assert_eq!(cache.try_get_or_load("a", || Ok::<_, ()>(1)), Ok(1));
    assert_eq!((cache.get("a"), cache.stats().load_failures), (Some(1), 1));
}

on_every_cache! {
    a_load_that_began_before_a_deletion_leaves_nothing: |cache: Numbers, _clock, now, body| {
        let inner = cache.clone();
        let deletion = || assert!(!inner.blocking_again().delete("a"));
        assert_eq!(now!(cache.get_or_load("a", body!({ deletion(); 1 }))), 1);
        assert_eq!((now!(cache.get("a")), now!(cache.len())), (None, 0));
    }
}

on_every_cache! {
    a_load_that_began_before_a_change_does_not_undo_it: |cache: Numbers, _clock, now, body| {
        for change in [|cache: &Numbers| cache.set("a", 2), |cache: &Numbers| cache.update("a", |_| Some(2)).is_some()] {
            let inner = cache.blocking_again();
            assert_eq!(now!(cache.get_or_load("a", body!({ assert!(change(&inner)); 1 }))), 1);
            assert_eq!(now!(cache.get("a")), Some(2));
            now!(cache.delete("a"));
        }
    }
}

/// The cache for sync callers, whichever it is.
trait Blocking {
    fn blocking_again(&self) -> Numbers;
}

impl Blocking for Numbers {
    fn blocking_again(&self) -> Numbers {
        self.clone()
    }
}

impl Blocking for ::cacher::AsyncCache<String, u64> {
    fn blocking_again(&self) -> Numbers {
        self.blocking()
    }
}

#[test]
fn loads_obey_the_scope_and_other_operations_do_not() {
    let cache: Numbers = Cache::builder().build().unwrap();
    assert_eq!((bypass(|| cache.get_or_load("a", || 1)), cache.get("a")), (1, None));
    assert_eq!((read_only(|| cache.get_or_load("a", || 1)), cache.get("a")), (1, None));
    assert!(bypass(|| cache.set("a", 2)));
    assert_eq!((bypass(|| cache.get("a")), bypass(|| cache.get_or_load("a", || 3))), (Some(2), 3));
    assert_eq!(only_if_cached(|| cache.get_or_load("a", || 3)), 2);
    let said = panics(|| only_if_cached(|| cache.get_or_load("b", || 3)));
    assert!(said.contains("nothing cached"), "{said}");
}

/// A store where nothing works.
struct Broken;

fn broken<T>() -> Result<T, ::cacher::Error> {
    Err(::cacher::Error::new(Kind::Unavailable, "the store is down"))
}

impl Backend for Broken {
    fn describe(&self) -> String {
        "broken".into()
    }
    fn get(&self, _: &backend::Key) -> Result<Option<Vec<u8>>, ::cacher::Error> {
        broken()
    }
    fn put(&self, _: &backend::Key, _: &[u8], _: Option<std::time::SystemTime>) -> Result<(), ::cacher::Error> {
        broken()
    }
    fn remove(&self, _: &backend::Key) -> Result<bool, ::cacher::Error> {
        broken()
    }
}

#[test]
fn a_store_that_fails_is_reported_and_a_miss() {
    let faults = faults("broken-direct");
    let alone: Numbers = Cache::builder().name("broken-direct").backend(Broken).build().unwrap();
    alone.set("a", 1);
    assert_eq!((alone.get("a"), alone.get_or_load("a", || 2)), (None, 2));
    assert_eq!((alone.update("a", |old| Some(old.unwrap_or(4))), alone.delete("a"), alone.len()), (Some(4), false, 0));
    assert!(alone.stats().store_errors >= 6 && faults().len() >= 6);
    drop(alone);
    let behind: Numbers = Cache::builder().name("broken-direct").backend("memory://").backend(Broken).build().unwrap();
    assert!(behind.set("a", 1));
    assert_eq!((behind.get("a"), behind.delete("a"), behind.get("a")), (Some(1), true, None));
}

#[tokio::test]
async fn futures_can_be_spawned() {
    let cache: Numbers = Cache::builder().build().unwrap();
    let own = cache.nonblocking();
    let task = tokio::spawn(async move {
        own.set("a", 1).await;
        own.update("a", |old| old.map(|old| old + 1)).await;
        own.set_if_absent("b", 5).await;
        own.delete("c").await;
        own.expire_in("b", MINUTE).await;
        own.get_or_load("d", async { 4 }).await + own.get("a").await.unwrap_or_default()
    });
    assert_eq!(task.await.unwrap(), 6);
    assert_eq!(cache.get_many(["a", "b", "c", "d"]), [Some(2), Some(5), None, Some(4)]);
}

#[tokio::test]
async fn a_load_that_is_dropped_is_led_by_the_next() {
    let cache: Numbers = Cache::builder().build().unwrap();
    let own = cache.nonblocking();
    {
        let mut load = Box::pin(own.get_or_load("a", std::future::pending()));
        assert!(crate::support::poll_once(&mut load).is_pending());
    }
    assert_eq!(own.get_or_load("a", async { 1 }).await, 1);
}

/// A value whose clone and drop use the cache that holds it.
#[test]
fn no_lock_is_held_while_the_users_code_runs() {
    struct Busy(Arc<Cache<u8, Busy>>);
    impl Clone for Busy {
        fn clone(&self) -> Self {
            let _ = self.0.contains(&9);
            Self(Arc::clone(&self.0))
        }
    }
    impl Drop for Busy {
        fn drop(&mut self) {
            let _ = self.0.delete(&8);
        }
    }
    ends(|| {
        let cache = Arc::new(Cache::builder().capacity(2).build().unwrap());
        (0..8).for_each(|key| assert!(cache.set(&key, Busy(Arc::clone(&cache)))));
        assert!(cache.get(&7).is_some());
        assert!(cache.update(&7, |old| old).is_some());
        assert!(!cache.set_if_absent(&7, Busy(Arc::clone(&cache))));
        cache.clear();
        assert_eq!(cache.len(), 0);
    });
}

/// Equal keys of another type are not taken for these.
#[test]
fn caches_without_a_name_stand_under_their_types() {
    let dir = TempDir::new();
    let url = format!("file://{}", dir.path().display());
    let (numbers, texts) = (Cache::<u64, u64>::from_url(&url).unwrap(), Cache::<u64, String>::from_url(&url).unwrap());
    numbers.set(&1, 1);
    assert_eq!((texts.get(&1), texts.stats().store_errors), (None, 0));
}
