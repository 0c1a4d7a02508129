//! A rate of loads that is counted among all processes which share a store.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cacher_core::{direct::Cache, strategy::RateLimit};

/// The URLs of one place, as three processes would know it: each with connections of its own.
pub(crate) type Urls = [String; 3];

/// The tests, for some [`Urls`] if there is a server.
macro_rules! shared {
    ($urls:expr) => {
        $crate::rates::shared! {
            $urls =>
            loads_of_all_nodes_are_as_far_apart_as_those_of_one
            some_come_at_once_wherever_they_come
            hits_take_nothing
        }
    };
    ($urls:expr => $($name:ident)*) => {$(
        #[test]
        fn $name() {
            if let Some(urls) = $urls {
                $crate::rates::$name(&urls);
            }
        }
    )*};
}
pub(crate) use shared;

/// A name that no other run has: rates outlive the caches.
fn run(name: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    format!("{name}-{}-{}-{}", since.as_nanos(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn node(url: &str, name: &str, limit: RateLimit) -> Cache<u64, u64> {
    let builder = Cache::builder().name(name).backend("memory://").backend(url).ttl(Duration::from_secs(60));
    builder.shared_rate(limit).build().expect("a cache")
}

fn nodes(urls: &Urls, name: &str, limit: impl Fn() -> RateLimit) -> [Cache<u64, u64>; 3] {
    let name = run(name);
    urls.each_ref().map(|url| node(url, &name, limit()))
}

const INTERVAL: Duration = Duration::from_millis(60);
/// A server and this process may see time go by a little differently.
const SLACK: Duration = Duration::from_millis(20);

pub(crate) fn loads_of_all_nodes_are_as_far_apart_as_those_of_one(urls: &Urls) {
    let nodes = nodes(urls, "apart", || RateLimit::new(1, INTERVAL));
    let start = Instant::now();
    thread::scope(|scope| {
        for (at, node) in (0..).zip(&nodes) {
            for caller in 0..2 {
                scope.spawn(move || {
                    for turn in 0..3 {
                        let key = at * 100 + caller * 10 + turn;
                        assert_eq!(node.get_or_load(&key, || key), key);
                    }
                });
            }
        }
    });
    let elapsed = start.elapsed();
    assert!(elapsed >= (INTERVAL * 17).saturating_sub(SLACK), "18 loads, {INTERVAL:?} apart, took {elapsed:?}");
    assert!(elapsed < INTERVAL * 17 + Duration::from_secs(10), "18 loads, {INTERVAL:?} apart, took {elapsed:?}");
    let stats = nodes.map(|node| node.stats());
    assert_eq!(stats.iter().map(|stats| (stats.loads, stats.store_errors)).collect::<Vec<_>>(), [(6, 0); 3]);
    assert!(stats.iter().map(|stats| stats.limited).sum::<u64>() >= 12, "those that waited are counted");
}

pub(crate) fn some_come_at_once_wherever_they_come(urls: &Urls) {
    let interval = Duration::from_secs(3);
    let nodes = nodes(urls, "burst", || RateLimit::new(1, interval).burst(4));
    let start = Instant::now();
    for (key, node) in (0..4).zip(nodes.iter().cycle()) {
        node.get_or_load(&key, || key);
    }
    assert_eq!(nodes.each_ref().map(|node| node.stats().limited), [0; 3]);
    nodes[0].get_or_load(&4, || 4);
    assert!(start.elapsed() >= interval.saturating_sub(SLACK), "{:?}", start.elapsed());
}

pub(crate) fn hits_take_nothing(urls: &Urls) {
    let [a, b, _] = nodes(urls, "hits", || RateLimit::new(1, Duration::from_secs(3600)));
    assert_eq!(a.get_or_load(&1, || 1), 1);
    for _ in 0..100 {
        assert_eq!((a.get_or_load(&1, || 2), b.get_or_load(&1, || 3)), (1, 1));
    }
    assert_eq!(a.stats().limited + b.stats().limited, 0);
}

/// With a server that can't be reached, each process keeps to the rate by itself.
pub(crate) fn without_its_server_each_process_has_the_rate(url: &str, stop: impl FnOnce()) {
    let cache = node(url, &run("alone"), RateLimit::new(1, INTERVAL));
    assert_eq!(cache.get_or_load(&0, || 0), 0);
    stop();
    let start = Instant::now();
    for key in 1..8 {
        assert_eq!(cache.get_or_load(&key, || key), key);
    }
    assert!(start.elapsed() >= (INTERVAL * 6).saturating_sub(SLACK), "{:?}", start.elapsed());
    assert!(cache.stats().store_errors > 0);
}
