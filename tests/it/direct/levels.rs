//! Memory before servers, and servers that are not there.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use ::cacher::backend::{
    Backend,
    bytes::Bytes,
    limited::{Eviction, Limited, Limits},
    logged::{Logged, Outcome, Record},
};

use super::{
    prelude::*,
    workload::{Calls, run},
};
use crate::{
    common::faults,
    places::{servers, store},
};

type Numbers = Cache<String, u64>;

/// Reads of a store, and how many found something.
#[derive(Clone, Default)]
struct Reads(Arc<[AtomicU64; 2]>);

impl Reads {
    fn note(&self, record: &Record<'_>) {
        if record.operation == "get" {
            self.0[0].fetch_add(1, SeqCst);
            self.0[1].fetch_add(u64::from(matches!(record.outcome, Outcome::Bytes(_))), SeqCst);
        }
    }

    fn all_and_found(&self) -> (u64, u64) {
        (self.0[0].load(SeqCst), self.0[1].load(SeqCst))
    }
}

/// The limit is that of `memory://?format=msgpack&capacity=10&eviction=lru`.
#[test]
fn ctu_11_a_small_level_before_a_server() {
    for url in servers() {
        let (first, second) = (Reads::default(), Reads::default());
        let (upper, lower) = (Bytes::new(), store(&url));
        let limits = Limits::new().entries(10).eviction(Eviction::Lru);
        let limited = Limited::new(upper.clone(), limits).unwrap();
        let dir = TempDir::new();
        let name = format!("direct::ctu_11::{}", dir.path().display());
        let (noted_first, noted_second) = (first.clone(), second.clone());
        let cache: Calls = Cache::builder()
            .name(&*name)
            .ttl(MINUTE)
            .backend(Logged::new(limited, move |record| noted_first.note(record)))
            .backend(Logged::shared(Arc::clone(&lower), move |record| noted_second.note(record)))
            .build()
            .unwrap();
        assert_eq!([run(&cache), run(&cache)], [30_000; 2], "{url}");
        assert_eq!((upper.len(&name).unwrap(), cache.len()), (10, counted(&url, 50)), "{url}");
        let ((asked, none), (passed_on, found)) = (first.all_and_found(), second.all_and_found());
        assert_eq!((asked, none), (passed_on, 0), "{url}: the first has never what is asked for");
        assert!(found * 10 > passed_on * 8, "{url}: {found} of {passed_on}");
        assert!(cache.stats().hit_rate() > 0.8 && cache.stats().loads == 50, "{url}");
        cache.clear();
    }
}

/// The URL says the same.
#[test]
fn ctu_11_the_limit_in_a_url() {
    for url in servers() {
        let dir = TempDir::new();
        let name = format!("direct::ctu_11_url::{}", dir.path().display());
        let levels = Cache::builder().name(name).backend("memory://?format=msgpack&capacity=10&eviction=lru");
        let cache: Calls = levels.backend(&*url).build().unwrap();
        assert_eq!([run(&cache), run(&cache)], [30_000; 2], "{url}");
        let stats = cache.stats();
        assert_eq!((stats.loads, stats.hits, stats.store_errors), (50, 950, 0), "{url}");
        assert!(stats.evictions >= 950, "{url}: {}", stats.evictions);
        cache.clear();
    }
}

/// Where nobody listens, by the names of caches.
const NOBODY: &[(&str, &str)] = &[
    #[cfg(feature = "redis")]
    ("ctu_16::redis", "redis://127.0.0.1:1"),
    #[cfg(feature = "redis")]
    ("ctu_16::cluster", "redis-cluster://127.0.0.1:1,127.0.0.1:2"),
    #[cfg(feature = "redis")]
    ("ctu_16::sentinel", "redis-sentinel://127.0.0.1:1/primary"),
    #[cfg(feature = "memcached")]
    ("ctu_16::memcached", "memcached://user:hunter2@127.0.0.1:1"),
    #[cfg(feature = "postgres")]
    ("ctu_16::postgres", "postgres://user:hunter2@127.0.0.1:1/app"),
    #[cfg(feature = "mysql")]
    ("ctu_16::mysql", "mysql://user:hunter2@127.0.0.1:1/app"),
    #[cfg(feature = "mongodb")]
    ("ctu_16::mongodb", "mongodb://user:hunter2@127.0.0.1:1/app?timeout=300ms"),
];

/// The case without resilience, where each operation fails with the second level's error, has no counterpart: a fault of
/// a store is nobody's error. It is counted, and the hook is told; and the first level goes on, as in the case with
/// resilience.
#[test]
fn ctu_16_17_a_second_level_that_fails_is_told_of_and_the_first_goes_on() {
    for &(name, url) in NOBODY {
        let told = faults(name);
        let levels = Cache::builder().name(name).backend("memory://?format=msgpack").backend(url);
        let cache: Numbers = levels.build().unwrap();
        cache.set("foo", 1);
        assert_eq!((cache.get("foo"), cache.get("unknown")), (Some(1), None), "{name}");
        assert_eq!((cache.get_or_load("bar", || 2), cache.get_or_load("bar", || 3)), (2, 2), "{name}");
        assert!(cache.delete("foo"), "{name}");
        assert_eq!((cache.get("foo"), cache.contains("foo")), (None, false), "{name}");
        assert!(cache.stats().store_errors > 2, "{name}");
        let told: Vec<_> = told().into_iter().map(|fault| fault.error).collect();
        assert!(told.iter().any(|error| error.kind() == Kind::Unavailable), "{name}: {told:?}");
        assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
    }
}
