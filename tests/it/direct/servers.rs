//! What holds of caches on servers, beyond what holds of all.

use std::{
    thread,
    time::{Instant, SystemTime},
};

use ::cacher::backend::prefixed::Prefixed;

use super::{
    prelude::*,
    workload::{Calls, run},
};
use crate::places::{servers, store};

type Texts = Cache<String, String>;

/// A cache at this URL that no other run has.
fn fresh<K, V>(case: &str, url: &str) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Clone + Send + Sync + serde::Serialize + 'static,
    V: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    let name = format!("direct::{case}::{:?}", SystemTime::UNIX_EPOCH.elapsed().unwrap());
    Cache::builder().name(name).backend(url).build().unwrap()
}

fn soon(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < 10 * SECOND, "it did not become true");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ctu_47_49_the_workload_and_two_of_its_answers() {
    for url in servers() {
        let cache: Calls = fresh("ctu_47", &url);
        assert_eq!((run(&cache), run(&cache)), (30_000, 30_000), "{url}");
        let (hit, miss) = ((1, Some("a".to_owned()), true), (3, None, false));
        assert_eq!((cache.get(&hit), cache.get(&miss)), (Some(111), Some(-17)), "{url}");
        assert_eq!((cache.stats().loads, cache.stats().store_errors), (50, 0), "{url}");
        assert_eq!(cache.len(), counted(&url, 50), "{url}");
        cache.clear();
    }
}

/// Iteration, which was not implemented there, is: by `SCAN` in Redis.
#[test]
fn ctu_49_the_keys_of_a_server_are_walked_through() {
    for url in servers() {
        let cache: Calls = fresh("ctu_49", &url);
        run(&cache);
        match cache.keys() {
            Ok(keys) => {
                assert_eq!(keys.len(), 50, "{url}");
                assert!(keys.iter().all(|key| cache.contains(key)), "{url}");
            }
            Err(error) => assert!(url.contains("memcached") && error.kind() == Kind::Unsupported, "{url}: {error}"),
        }
        cache.clear();
    }
}

#[test]
fn ctu_50_53_a_part_of_a_server_sees_and_clears_its_own() {
    for url in servers() {
        let (dir, whole) = (TempDir::new(), store(&url));
        let part = |prefix: &str| -> Texts {
            let name = format!("ctu_50::{}", dir.path().display());
            let part = Prefixed::shared(whole.clone(), prefix.to_owned());
            Cache::builder().name(name).backend(part).build().unwrap()
        };
        let (one, two) = (part("one."), part("two."));
        assert!((one.stats().hit_rate() - 0.0).abs() < f64::EPSILON);
        assert!(one.set("Hello", "World!".to_owned()) && two.set("Hello", "Monde!".to_owned()));
        assert!(one.set("", String::new()));
        assert_eq!((one.get("Hello").as_deref(), one.get("").as_deref()), (Some("World!"), Some("")), "{url}");
        assert_eq!(one.get("absent").unwrap_or("default".to_owned()), "default");
        assert_eq!((one.len(), two.len()), (counted(&url, 2), counted(&url, 1)), "{url}");
        assert!(one.delete("Hello") && !one.contains("Hello") && two.contains("Hello"), "{url}");
        one.clear();
        assert_eq!((one.get(""), two.get("Hello").as_deref()), (None, Some("Monde!")), "{url}");
        if let Ok(keys) = two.keys() {
            assert_eq!((keys, one.keys().unwrap()), (vec!["Hello".to_owned()], vec![]), "{url}: without the prefix");
        }
        two.clear();
    }
}

/// By the clock of the machine: the servers have no other. What a server itself keeps longer is no longer returned.
#[test]
fn cme_37_cty_10_a_life_of_half_a_second_is_no_longer_and_no_shorter() {
    for url in servers() {
        let cache: Texts = fresh("cme_37", &url);
        let life = Duration::from_millis(500);
        let start = Instant::now();
        assert!(cache.with_ttl(life).set("short", "1".to_owned()), "{url}");
        assert!(cache.set("long", "2".to_owned()) && cache.expire_in("long", life), "{url}");
        assert!(cache.set("kept", "3".to_owned()), "{url}");
        let both = || (cache.get("short"), cache.get("long"));
        let found = both();
        if start.elapsed() < life {
            assert_eq!(found, (Some("1".to_owned()), Some("2".to_owned())), "{url}");
        }
        soon(|| both() == (None, None));
        assert!(start.elapsed() >= life, "{url}: {:?}", start.elapsed());
        assert_eq!(cache.get("kept").as_deref(), Some("3"), "{url}");
        assert!(cache.set_if_absent("short", "4".to_owned()), "{url}");
        assert_eq!(cache.get("short").as_deref(), Some("4"), "{url}");
        cache.clear();
    }
}

/// The store of such a cache is asked by two, as two processes would: through an entry that both know.
#[test]
fn what_one_cache_sets_another_of_its_name_gets() {
    for url in servers() {
        let name = format!("direct::two::{:?}", SystemTime::UNIX_EPOCH.elapsed().unwrap());
        let open = || -> Texts { Cache::builder().name(&*name).backend(store(&url)).build().unwrap() };
        let one = open();
        assert!(one.set("a", "1".to_owned()), "{url}");
        drop(one);
        let two = open();
        assert_eq!(two.get("a").as_deref(), Some("1"), "{url}");
        two.clear();
    }
}
