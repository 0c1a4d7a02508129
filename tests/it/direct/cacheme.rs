//! Cases of the Python library Cacheme.

use std::{cell::Cell, collections::BTreeMap};

use super::prelude::*;

type Texts = Cache<String, String>;
type Numbers = Cache<u64, u64>;
const DAY: Duration = Duration::from_secs(86_400);

on_every_cache! {
    cme_1_2_a_value_is_loaded_once: |cache: Texts, _clock, now, body| {
        let loads = Cell::new(0);
        let load = || {
            loads.set(loads.get() + 1);
            "a-1-10".to_owned()
        };
        for _ in 0..2 {
            assert_eq!(now!(cache.get_or_load("a:1:10", body!(load()))), "a-1-10");
        }
        assert_eq!(now!(cache.get_or_load("a:1:10", body!("o".to_owned()))), "a-1-10");
        assert_eq!((loads.get(), cache.stats().loads, cache.stats().hits), (1, 1, 2));
    }
}

on_every_cache! {
    cme_10_what_was_deleted_is_loaded_when_it_is_asked_for: |cache: Numbers, _clock, now, body| {
        assert_eq!(now!(cache.get_or_load(&1, body!(1))), 1);
        assert!(now!(cache.delete(&1)));
        assert_eq!(cache.stats().loads, 1);
        assert_eq!(now!(cache.get_or_load(&1, body!(2))), 2);
        assert_eq!((now!(cache.get(&1)), cache.stats().loads), (Some(2), 2));
    }
}

on_every_cache! {
    cme_11_a_refresh_loads_again: |cache: Numbers, _clock, now, body| {
        assert_eq!(now!(cache.get_or_load(&1, body!(1))), 1);
        assert_eq!(now!(::cacher::refresh(load(&cache, 2))), 2);
        assert_eq!(now!(cache.get_or_load(&1, body!(3))), 2);
        assert_eq!(cache.stats().loads, 2);
    }
}

/// A load in the form that a scope takes.
trait Load {
    type Loaded;
    fn loaded(self, value: u64) -> Self::Loaded;
}

impl Load for &Numbers {
    type Loaded = Box<dyn FnOnce() -> u64>;
    fn loaded(self, value: u64) -> Self::Loaded {
        let cache = self.clone();
        Box::new(move || cache.get_or_load(&1, || value))
    }
}

impl Load for &::cacher::AsyncCache<u64, u64> {
    type Loaded = std::pin::Pin<Box<dyn Future<Output = u64>>>;
    fn loaded(self, value: u64) -> Self::Loaded {
        let cache = self.clone();
        Box::pin(async move { cache.get_or_load(&1, async { value }).await })
    }
}

fn load<L: Load>(cache: L, value: u64) -> L::Loaded {
    cache.loaded(value)
}

on_every_cache! {
    cme_17_20_what_was_set_is_got_until_it_is_removed: |cache: Cache<String, BTreeMap<String, String>>, clock, now| {
        let value = BTreeMap::from([("foo".to_owned(), "bar".to_owned())]);
        assert!(now!(cache.with_ttl(10 * DAY).set("test", value.clone())));
        clock.advance(9 * DAY);
        assert_eq!(now!(cache.get("test")), Some(value));
        assert!(now!(cache.delete("test")));
        assert_eq!(now!(cache.get("test")), None);
    }
}

on_every_cache! {
    /// In the order of the keys, with `None` for what is absent.
    cme_19_of_many_those_that_were_set_are_got: |cache: Texts, clock, now| {
        let none: [&str; 0] = [];
        assert_eq!(now!(cache.get_many(none)), []);
        let [a, b, c] = ["a", "b", "c"].map(ToOwned::to_owned);
        let entries = [("1", a.clone()), ("2", b.clone()), ("3", c.clone())];
        assert_eq!(now!(cache.with_ttl(SECOND).set_many(entries)), 3);
        assert_eq!(now!(cache.get_many(["3", "unknown", "1", "2"])), [Some(c), None, Some(a), Some(b)]);
        clock.advance(SECOND);
        assert_eq!(now!(cache.get_many(["1", "2", "3"])), [None, None, None]);
    }
}

/// In place of types that are made when the program runs: caches.
#[test]
fn cme_14_16_every_cache_is_listed_once_and_counts_its_calls() {
    let listed = |name: &str| ::cacher::caches().iter().filter(|cache| cache.name() == name).count();
    let cache: Numbers = Cache::builder().name("cme_14").backend("memory://?format=json").build().unwrap();
    assert_eq!((listed("cme_14"), listed("cme_14_other")), (1, 0));
    for _ in 0..2 {
        (0..10).for_each(|key| assert_eq!(cache.get_or_load(&key, || key * 2), key * 2));
    }
    let stats = cache.stats();
    assert_eq!((stats.loads, stats.misses, stats.hits), (10, 10, 10));
    let other: Numbers = Cache::builder().name("cme_14_other").build().unwrap();
    assert_eq!((listed("cme_14"), listed("cme_14_other"), other.stats().loads), (1, 1, 0));
}

#[test]
fn cme_35_rates_of_no_calls_are_defined() {
    let cache: Numbers = Cache::builder().build().unwrap();
    assert!(cache.stats().hit_rate().abs() < f64::EPSILON);
}

#[test]
fn cme_55_a_bound_is_exact() {
    let cache: Numbers = Cache::builder().capacity(500).build().unwrap();
    let mut random = 1_u64;
    for _ in 0..100_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cache.set(&(random >> 40), random);
    }
    assert_eq!((cache.len(), cache.stats().entries), (500, 500));
}

#[test]
fn cme_59_cty_40_a_cache_goes_with_its_last_clone() {
    let listed = || ::cacher::caches().iter().filter(|cache| cache.name() == "cme_59").count();
    for _ in 0..10 {
        let cache: Numbers = Cache::builder().name("cme_59").ttl(MINUTE).build().unwrap();
        let clone = cache.nonblocking();
        cache.set(&1, 1);
        drop(cache);
        assert_eq!((listed(), clone.blocking().get(&1)), (1, Some(1)));
        drop(clone);
        assert_eq!(listed(), 0);
    }
}

#[test]
fn cme_65_a_ttl_of_zero_is_refused() {
    let error = Cache::<u64, u64>::builder().ttl(Duration::ZERO).build().unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
}
