//! Cases of the Python library cacher.

use ::cacher::{
    backend::{Backend, bytes::Bytes},
    strategy::{Call, Draft, Strategy, Verdict},
};

use super::prelude::*;

type Texts = Cache<String, String>;
type Numbers = Cache<String, u64>;

on_every_cache! {
    cch_1_what_is_set_last_is_got: |cache: Texts, _clock, now| {
        for value in ["value1", "value2"] {
            assert!(now!(cache.set("key1", value.to_owned())));
            assert_eq!(now!(cache.get("key1")).as_deref(), Some(value));
        }
        assert_eq!(now!(cache.len()), counted(cache.name(), 1));
    }
}

on_every_cache! {
    cch_5_hits_and_misses_are_counted: |cache: Numbers, _clock, now| {
        assert!(cache.stats().hit_rate().abs() < f64::EPSILON);
        assert_eq!(now!(cache.get("key")), None);
        now!(cache.set("key", 1));
        assert_eq!(now!(cache.get("key")), Some(1));
        assert_eq!((cache.stats().misses, cache.stats().hits), (1, 1));
    }
}

#[test]
fn cch_62_the_first_that_has_it_answers_and_all_are_written() {
    let stores = [Bytes::new(), Bytes::new().format("json")];
    let open = |stores: &[Bytes]| -> Numbers {
        let stores = stores.iter().cloned();
        stores.fold(Cache::builder().name("cch_62"), ::cacher::CacheBuilder::backend).build().unwrap()
    };
    let sizes = || stores.each_ref().map(|store| store.len("cch_62").unwrap());
    let all = open(&stores);
    all.set("key", 1);
    assert_eq!(sizes(), [1, 1]);
    drop(all);
    let second = open(&stores[1..]);
    second.set("key", 2);
    second.set("other", 3);
    drop(second);
    let all = open(&stores);
    assert_eq!((all.get("key"), all.get("other")), (Some(1), Some(3)));
    assert_eq!(sizes(), [2, 2], "what only the second had goes to the first");
    assert!(all.delete("key"));
    assert_eq!(sizes(), [1, 1]);
    all.clear();
    assert_eq!(sizes(), [0, 0]);
}

#[test]
fn cch_65_where_nothing_is_kept_all_is_a_miss() {
    let cache: Numbers = Cache::from_url("null://").unwrap();
    cache.set("key", 1);
    assert_eq!((cache.get("key"), cache.stats().misses), (None, 1));
}

on_every_cache! {
    cch_70_a_value_is_changed_by_what_it_is: |cache: Numbers, _clock, now| {
        let count = |old: Option<u64>| Some(old.unwrap_or_default() + 1);
        assert_eq!(now!(cache.update("key", count)), Some(1));
        assert_eq!(now!(cache.update("key", count)), Some(2));
        assert_eq!(now!(cache.update("key", |_| None)), None);
        assert_eq!(now!(cache.get("key")), Some(2));
        assert_eq!(now!(cache.update("absent", |old| Some(old? + 1))), None);
        assert_eq!(now!(cache.len()), counted(cache.name(), 1));
    }
}

on_every_cache! {
    cch_71_many_are_as_one_after_the_other: |cache: Numbers, _clock, now| {
        assert_eq!(now!(cache.set_many([("a", 1), ("b", 2), ("a", 3)])), 3);
        assert_eq!(now!(cache.get_many(["a", "c", "b", "a"])), [Some(3), None, Some(2), Some(3)]);
        assert_eq!(now!(cache.delete_many(["a", "c", "a"])), 1);
        assert_eq!(now!(cache.get_many(["a", "b"])), [None, Some(2)]);
    }
}

#[test]
fn cch_71_strategies_are_asked_about_each_of_many() {
    struct Even;
    impl Strategy for Even {
        fn ask_write(&self, call: &Call<'_>, _: &mut Draft) -> Verdict {
            if call.key().is_some_and(|key| key % 2 == 0) { Verdict::Proceed } else { Verdict::Refuse }
        }
    }
    let cache: Cache<u64, u64> = Cache::builder().strategy(Even).build().unwrap();
    let kept = cache.set_many((0..100).map(|n| (n, n)).collect::<Vec<_>>().iter().map(|(key, value)| (key, *value)));
    assert!((1..100).contains(&kept), "{kept}");
    assert_eq!((cache.len(), cache.stats().refusals), (kept, 100 - kept));
}
