//! How caches are set up, and what is refused.

use std::sync::Arc;

use ::cacher::{
    backend::{
        Backend,
        bytes::Bytes,
        limited::{Eviction, Limits},
    },
    cache, keyer, register, registered,
    strategy::{Call, Draft, Strategy, Verdict},
};

use super::prelude::*;
use crate::common::faults;

type Numbers = Cache<String, u64>;

/// Neither its keys nor its values know of serde.
#[test]
fn memory_asks_for_no_serde() {
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    struct Id(u8);
    #[derive(Clone, PartialEq, Debug)]
    struct Name(&'static str);
    let cache = Cache::builder().capacity(10).build().unwrap();
    cache.set(&Id(1), Name("ann"));
    assert_eq!(cache.get(&Id(1)), Some(Name("ann")));
}

#[test]
fn keys_are_passed_as_what_they_borrow_as() {
    let paths: Cache<std::path::PathBuf, u8> = Cache::builder().build().unwrap();
    paths.set(std::path::Path::new("/a"), 1);
    assert_eq!(paths.get(&std::path::PathBuf::from("/a")), Some(1));
    let texts: Cache<String, u8> = Cache::builder().build().unwrap();
    texts.set("a", 1);
    assert_eq!((texts.get(&"a".to_owned()), texts.get(&String::new())), (Some(1), None));
    let numbers: Cache<u64, u8> = Cache::builder().build().unwrap();
    numbers.set(&5, 1);
    assert_eq!(numbers.get(&5), Some(1));
}

#[test]
fn a_url_makes_a_cache() {
    let cache: Numbers = Cache::from_url("memory://?capacity=10").unwrap();
    (0..100).for_each(|n| assert!(cache.set(&n.to_string(), n)));
    assert_eq!(cache.len(), 10);
    assert_eq!(cache.name(), "Cache<alloc::string::String, u64>");
    assert_eq!(format!("{cache:?}"), "Cache { name: \"Cache<alloc::string::String, u64>\", .. }");
}

#[test]
fn what_is_wrong_is_told_when_it_is_built() {
    let url = |url: &str| Numbers::from_url(url);
    let named = |name: &str| Numbers::builder().name(name).build();
    for (built, part) in [
        (url("subspace://"), "subspace"),
        (url("memory"), "write `scheme://path"),
        (url(""), "write `scheme://path"),
        (url("memory://?size=3"), "there are: capacity, max_bytes"),
        (url("memory://?max_bytes=1MiB"), "write `.max_bytes(..)`"),
        (named(" "), "write some letters"),
        (named("a@b"), "no `@`"),
        (Cache::builder().capacity(0).build(), "a bound of zero"),
        (Cache::builder().ttl(Duration::ZERO).build(), "a TTL of zero"),
        (Cache::builder().limits(Limits::new().entries(1)).build(), "an order of its own"),
        (url("memory://?eviction=lfu"), "an order of its own"),
        (url("memory://?format=json&eviction=lfo"), "there are: lru, fifo, lfu, lifo, random"),
        (url("memory://?format=json&eviction=lfu"), "nothing has to make room"),
        (url("memory://?format=json&capacity=0"), "no bound"),
        (Cache::builder().backend("memory://?format=json").limits(Limits::new().bytes(0)).build(), "a limit of zero"),
        (Cache::builder().backend(registered("nobody")).build(), "registered as `nobody`"),
    ] {
        let error = built.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_store_keeps_what_it_may() {
    let url = "memory://?format=msgpack&capacity=2&eviction=fifo";
    let by_url: Numbers = Cache::from_url(url).unwrap();
    let limits = Limits::new().entries(2).bytes(1 << 20).eviction(Eviction::Fifo);
    let by_limits: Numbers =
        Cache::builder().name("limited").backend("memory://?format=msgpack&capacity=9").limits(limits).build().unwrap();
    let by_capacity: Numbers =
        Cache::builder().name("bound").backend("memory://?format=msgpack").capacity(2).build().unwrap();
    for cache in [&by_url, &by_limits, &by_capacity] {
        for (name, number) in [("a", 1), ("b", 2), ("c", 3)] {
            cache.set(name, number);
        }
        assert_eq!((cache.get("a"), cache.get("b"), cache.get("c"), cache.len()), (None, Some(2), Some(3), 2));
        let stats = cache.stats();
        assert_eq!((stats.evictions, stats.refusals, stats.store_errors), (1, 0, 0));
    }
}

#[test]
fn cch_58_a_value_larger_than_the_store_may_hold_is_returned_counted_and_not_kept() {
    let cache: Cache<u64, String> = Cache::from_url("memory://?format=msgpack&max_bytes=1KiB").unwrap();
    cache.set(&1, "small".into());
    cache.set(&2, "small".into());
    let large = "x".repeat(2000);
    assert_eq!(cache.get_or_load(&3, || large.clone()), large);
    cache.set(&1, large);
    assert_eq!([1, 2, 3].map(|key| cache.get(&key).is_some()), [false, true, false], "what stood there is gone");
    let stats = cache.stats();
    assert_eq!((stats.refusals, stats.evictions, stats.store_errors), (2, 0, 0));
}

#[test]
fn cch_58_a_value_larger_than_memory_may_hold_is_returned_counted_and_not_kept() {
    let cache: Cache<u64, String> = Cache::builder().max_bytes(1024).build().unwrap();
    cache.set(&1, "small".into());
    cache.set(&2, "small".into());
    let large = "x".repeat(2000);
    assert_eq!(cache.get_or_load(&3, || large.clone()), large);
    cache.set(&1, large);
    assert_eq!([1, 2, 3].map(|key| cache.get(&key).is_some()), [false, true, false]);
    assert_eq!((cache.stats().refusals, cache.stats().evictions), (2, 0));
}

#[test]
fn a_store_that_cannot_be_opened_now_is_reported_and_opened_later() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let faults = faults("opened-later");
    let dir = TempDir::new();
    let path = dir.path().join("in-the-way");
    std::fs::write(&path, "a file").unwrap();
    let url = format!("file://{}", path.display());
    let cache: Numbers = Cache::builder().name("opened-later").backend(url).build().unwrap();
    assert_eq!((cache.get_or_load("a", || 1), cache.get("a")), (1, None));
    assert!(!faults().is_empty());
    std::fs::remove_file(&path).unwrap();
    clock.advance(MINUTE);
    assert_eq!((cache.get_or_load("a", || 2), cache.get("a")), (2, Some(2)));
}

#[test]
fn a_name_has_one_cache_in_a_store_until_it_is_gone() {
    let store = Bytes::new();
    let open = || -> Result<Numbers, _> { Cache::builder().name("taken").backend(store.clone()).build() };
    let first = open().unwrap();
    let error = open().unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.to_string().contains("another cache already keeps its entries under the name `taken`"), "{error}");
    let clone = first.clone();
    clone.set("a", 1);
    drop(first);
    assert!(open().is_err());
    drop(clone);
    assert_eq!(open().unwrap().get("a"), Some(1));
}

#[test]
fn a_function_has_its_name_too() {
    register("name-of-a-function", Bytes::new()).unwrap();
    #[cache(backend = registered("name-of-a-function"), name = "square")]
    fn square(n: u64) -> u64 {
        n * n
    }
    assert_eq!(square(3), 9);
    let built = Numbers::builder().name("square").backend(registered("name-of-a-function")).build();
    assert!(built.unwrap_err().to_string().contains("another function already keeps"));
}

#[test]
fn memory_is_bounded_by_bytes() {
    let cache: Cache<u8, String> = Cache::builder().max_bytes(10_000).build().unwrap();
    (0..100).for_each(|n| assert!(cache.set(&n, "x".repeat(1000))));
    assert!((5..10).contains(&cache.len()), "{}", cache.len());
    assert!(!cache.set(&0, "x".repeat(20_000)));
    assert_eq!(cache.get(&0), None);
}

#[test]
fn stored_keys_are_written_by_the_keyer() {
    let dir = TempDir::new();
    let url = format!("file://{}", dir.path().display());
    let users: Numbers = Cache::builder().name("users").backend(url).keyer(keyer::Readable::new()).build().unwrap();
    users.set("ann", 1);
    let explanation = users.entry("ann").explain();
    assert_eq!(explanation.stored_key.as_deref(), Some("users_key=ann"));
    assert!(explanation.to_string().starts_with("users: a hit from file://"), "{explanation}");
}

#[test]
fn strategies_are_asked() {
    struct No;
    impl Strategy for No {
        fn ask_write(&self, _: &Call<'_>, _: &mut Draft) -> Verdict {
            Verdict::Refuse
        }
    }
    let cache: Numbers = Cache::builder().strategy(No).build().unwrap();
    assert!(!cache.set("a", 1) && !cache.set_if_absent("a", 1));
    assert_eq!((cache.get_or_load("a", || 2), cache.update("a", |_| Some(3))), (2, Some(3)));
    assert_eq!((cache.get("a"), cache.stats().refusals), (None, 4));
}

#[test]
fn a_life_of_its_own_outlives_the_ttl_in_stores_too() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let store = Arc::new(Bytes::new());
    let open = || -> Numbers {
        Cache::builder().name("own-life").ttl(MINUTE).backend(Arc::clone(&store) as Arc<dyn Backend>).build().unwrap()
    };
    let cache = open();
    cache.set("short", 1);
    cache.with_ttl(10 * MINUTE).set("long", 2);
    cache.with_expiry(clock.time_of_day() + SECOND).set("dated", 3);
    cache.with_ttl(Duration::MAX).set("ever", 4);
    clock.advance(SECOND);
    assert_eq!(cache.get_many(["short", "long", "dated", "ever"]), [Some(1), Some(2), None, Some(4)]);
    clock.advance(MINUTE);
    drop(cache);
    assert_eq!(open().get_many(["short", "long", "dated", "ever"]), [None, Some(2), None, Some(4)]);
}
