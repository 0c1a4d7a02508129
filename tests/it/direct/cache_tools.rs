//! Cases of the Python library `CacheToolsUtils`.

use ::cacher::{
    backend::{Backend, bytes::Bytes},
    keyer,
};

use super::{
    prelude::*,
    workload::{Calls, run},
};

type Numbers = Cache<String, u64>;
fn over(store: &Bytes, name: &str) -> Calls {
    Cache::builder().name(name).backend(store.clone()).build().unwrap()
}

#[test]
fn ctu_1_2_caches_of_several_names_share_a_store() {
    let store = Bytes::new();
    let f = over(&store, "f");
    assert_eq!((run(&f), f.stats().loads, f.len()), (30_000, 50, 50));
    assert_eq!((run(&f.clone()), f.stats().loads, f.len()), (30_000, 50, 50));
    let g = over(&store, "g");
    assert_eq!((run(&g), g.stats().loads), (30_000, 50));
    assert_eq!([f.len(), g.len(), store.len("f").unwrap(), store.len("g").unwrap()], [50; 4]);
    f.clear();
    assert_eq!([f.len(), g.len()], [0, 50]);
}

/// The ways to evict are beside the keyers, which are the same for all.
#[test]
fn ctu_10_a_cache_that_is_large_enough_misses_once() {
    let stored = || Calls::builder().name("ctu_10").backend(Bytes::new());
    for cache in [Calls::builder().capacity(1024), stored().keyer(keyer::Hash), stored().keyer(keyer::Readable::new())]
    {
        let cache = cache.build().unwrap();
        assert_eq!((run(&cache), cache.stats().loads, cache.stats().hits, cache.len()), (30_000, 50, 450, 50));
        assert_eq!(cache.stats().store_errors, 0);
    }
}

fn in_two_levels(name: &str, store: &Bytes) -> Numbers {
    Cache::builder().name(name.to_owned()).backend("memory://").backend(store.clone()).build().unwrap()
}

#[test]
fn ctu_13_what_the_second_level_lost_is_deleted_from_the_first() {
    let store = Bytes::new();
    let cache = in_two_levels("ctu_13", &store);
    cache.set("foo", 1);
    assert_eq!(store.clear("ctu_13").unwrap(), 1);
    assert!(cache.delete("foo"));
    assert_eq!(cache.get("foo"), None);
}

#[test]
fn ctu_14_what_only_the_second_level_has_is_deleted_and_was_there() {
    let store = Bytes::new();
    in_two_levels("ctu_14", &store).set("foo", 1);
    let cache = in_two_levels("ctu_14", &store);
    assert!(cache.delete("foo") && !cache.delete("foo"));
    assert_eq!(store.len("ctu_14").unwrap(), 0);
}

/// In place of counters: what a cache is made of.
#[test]
fn ctu_44_caches_without_a_name_have_their_types_for_prefixes() {
    let store = Bytes::new();
    let numbers: Cache<String, u64> = Cache::builder().backend(store.clone()).build().unwrap();
    let texts: Cache<String, String> = Cache::builder().backend(store.clone()).build().unwrap();
    numbers.set("foo", 1);
    assert_eq!((texts.get("foo"), texts.set("foo", "one".to_owned())), (None, true));
    assert_eq!((numbers.get("foo"), texts.get("foo").as_deref()), (Some(1), Some("one")));
    let names = ["Cache<alloc::string::String, u64>", "Cache<alloc::string::String, alloc::string::String>"];
    assert_eq!(names.map(|name| store.len(name).unwrap()), [1, 1]);
}

on_every_cache! {
    ctu_4_what_is_set_is_got_and_keeps_its_type: |cache: Cache<String, Result<String, u64>>, _clock, now| {
        now!(cache.set("hello-world!", Ok("Hello World…".to_owned())));
        assert_eq!(now!(cache.get("hello-world!")), Some(Ok("Hello World…".to_owned())));
        assert!(now!(cache.delete("hello-world!")));
        assert_eq!(now!(cache.get("hello-world!")), None);
        now!(cache.set("hello-world!", Err(65_536)));
        assert_eq!(now!(cache.get("hello-world!")), Some(Err(65_536)));
    }
}

on_every_cache! {
    ctu_5_keys_may_be_bytes: |cache: Cache<Vec<u8>, Vec<u8>>, _clock, now| {
        let key: &[u8] = b"\0\xffkey";
        assert!(now!(cache.set_if_absent(key, b"v".to_vec())));
        assert!(!now!(cache.set_if_absent(key, b"x".to_vec())));
        assert_eq!(now!(cache.get(key)), Some(b"v".to_vec()));
        assert!(now!(cache.delete(key)));
        assert_eq!(now!(cache.get(key)).unwrap_or(b"x".to_vec()), b"x");
        assert!(!now!(cache.delete(key)));
    }
}

on_every_cache! {
    ctu_7_25_contains_tells_and_does_not_count: |cache: Numbers, _clock, now| {
        assert!(now!(cache.set("foo", 1)));
        assert!(now!(cache.contains("foo")));
        assert_eq!(now!(cache.get("foo")), Some(1));
        assert!(now!(cache.delete("foo")));
        assert!(!now!(cache.contains("foo")));
        assert_eq!((cache.stats().hits, cache.stats().misses), (1, 0));
    }
}

on_every_cache! {
    ctu_28_what_a_load_leaves_can_be_deleted: |cache: Cache<(String, u64), char>, _clock, now, body| {
        let key = ("hello".to_owned(), 4);
        assert!(!now!(cache.contains(&key)));
        for _ in 0..2 {
            assert_eq!(now!(cache.try_get_or_load(&key, body!(key.0.chars().nth(4).ok_or(())))), Ok('o'));
        }
        assert!(now!(cache.contains(&key)));
        assert!((cache.stats().hit_rate() - 0.5).abs() < f64::EPSILON);
        assert!(now!(cache.delete(&key)) && !now!(cache.contains(&key)) && !now!(cache.delete(&key)));
    }
}
