//! The stores on Redis, against real servers.

#![cfg(feature = "redis")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cacher_core::{
    backend::{
        driven::{AsyncBackend, Driven},
        redis::Redis,
    },
    direct::Cache,
    testkit::conformance,
};

#[path = "rates/mod.rs"]
mod rates;
#[path = "turns/mod.rs"]
mod turns;

/// The store at this URL, if there is a server.
fn keeps_the_contract(url: Option<String>) {
    let Some(url) = url else { return };
    let store = Driven::new(Redis::from_url(&url).expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_server_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis().map(|url| url + "/1"));
}

#[test]
fn a_socket_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_unix().map(|url| url + "?db=2"));
}

#[test]
#[cfg(feature = "redis_tls")]
fn a_server_by_tls_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_tls().map(|url| url.replace('?', "/3?")));
}

#[test]
fn a_cluster_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_cluster());
}

#[test]
fn what_sentinels_name_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_sentinel());
}

/// Otherwise caches of one name in two of them would be taken for one.
#[test]
fn databases_of_a_socket_are_told_apart() {
    let described = |url: &str| Redis::from_url(url).expect("a URL").describe();
    let socket = "redis+unix:///run/redis.sock";
    assert_ne!(described(&format!("{socket}?db=1")), described(&format!("{socket}?db=2")));
    assert_eq!(described(&format!("{socket}?db=0&timeout=2s")), described(socket));
    let secret = described(&format!("{socket}?pass=hunter2&db=1&user=ann"));
    assert_eq!(secret, described(&format!("{socket}?db=1")));
}

/// A database of this server, by another name of the machine: as another URL it has its own connection.
fn by_name(url: &str, host: &str, database: u32) -> String {
    format!("{}/{database}", url.replace("127.0.0.1", host))
}

/// The same cache as two processes would have it: each with its own connection.
fn node(url: &str, host: &str, name: &str) -> Cache<u64, u64> {
    let url = by_name(url, host, 3);
    Cache::builder().name(name).backend("memory://").backend(url).build().expect("a cache")
}

/// What is true soon.
#[track_caller]
fn soon(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(5), "it did not become true");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn memory_hears_of_changes_by_other_nodes() {
    let Some(url) = cacher_servers::redis() else { return };
    let (a, b) = (node(&url, "127.0.0.1", "heard"), node(&url, "localhost", "heard"));
    a.clear();
    assert_eq!((a.get_or_load(&1, || 10), b.get_or_load(&1, || 99)), (10, 10));
    a.set(&1, 11);
    soon(|| b.get(&1) == Some(11));
    assert_eq!(a.get(&1), Some(11));
    assert_eq!(a.stats().hits, 1, "its own write is still in its memory");
    b.delete(&1);
    soon(|| a.get(&1).is_none());
    a.set(&2, 20);
    assert_eq!(b.get(&2), Some(20));
    a.clear();
    soon(|| b.get(&2).is_none());
}

/// Its connection is made again, to be told of changes. Nothing was missed, so nothing is thrown away.
#[test]
fn memory_in_front_of_a_server_in_use_keeps_what_it_loads_first() {
    let Some(server) = cacher_servers::Redis::private() else { return };
    let alone: Cache<u64, u64> = Cache::builder().name("first").backend(server.url()).build().expect("a cache");
    assert!(alone.set(&1, 1));
    for name in ["second", "third"] {
        let behind: Cache<u64, u64> =
            Cache::builder().name(name).backend("memory://").backend(server.url()).build().expect("a cache");
        assert_eq!((behind.get_or_load(&1, || 10), behind.get_or_load(&1, || 99)), (10, 10), "{name}");
        assert!(behind.set(&2, 20), "{name}");
        assert_eq!((behind.get(&2), alone.get(&1)), (Some(20), Some(1)), "{name}");
    }
}

#[test]
fn a_load_that_began_before_a_change_elsewhere_is_not_kept() {
    let Some(url) = cacher_servers::redis() else { return };
    let (a, b) = (node(&url, "127.0.0.1", "fenced"), node(&url, "localhost", "fenced"));
    a.clear();
    b.set(&2, 0);
    let old = b.get_or_load(&1, || {
        a.set(&1, 2);
        // The news needs a moment.
        std::thread::sleep(Duration::from_millis(50));
        1
    });
    assert_eq!(old, 1, "the caller gets what its body made");
    soon(|| b.get(&1) == Some(2));
    assert_eq!(a.get(&1), Some(2));
}

#[test]
fn a_lost_connection_empties_memory() {
    let Some(server) = cacher_servers::Redis::private() else { return };
    let url = server.url();
    let (a, b) = (node(&url, "127.0.0.1", "lost"), node(&url, "localhost", "lost"));
    a.clear();
    a.set(&1, 1);
    assert_eq!(b.get(&1), Some(1));
    let mut client = server.client();
    client.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    client.ask(&["FLUSHALL"]);
    soon(|| b.get(&1).is_none() && a.get(&1).is_none());
    a.set(&1, 2);
    soon(|| b.get(&1) == Some(2));
    a.set(&1, 3);
    soon(|| b.get(&1) == Some(3));
}

/// A database of the server, as three processes would know it.
fn elsewhere() -> Option<[String; 3]> {
    let url = cacher_servers::redis()?;
    Some(["127.0.0.1", "localhost", "LocalHost"].map(|host| by_name(&url, host, 4)))
}

turns::taken!(elsewhere());
rates::shared!(elsewhere());

#[test]
fn without_its_server_each_process_has_the_rate() {
    let Some(server) = cacher_servers::Redis::private() else { return };
    rates::without_its_server_each_process_has_the_rate(&format!("{}?timeout=200ms", server.url()), || server.stop());
}

#[test]
fn a_rate_of_a_cluster_is_one() {
    let Some(url) = cacher_servers::redis_cluster() else { return };
    let urls = ["127.0.0.1", "localhost", "LocalHost"].map(|host| url.replace("127.0.0.1", host));
    rates::loads_of_all_nodes_are_as_far_apart_as_those_of_one(&urls);
}
