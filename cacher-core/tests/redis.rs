//! The stores on Redis, against real servers.

#![cfg(feature = "redis")]

use std::{
    io::Write,
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use cacher_core::{
    backend::{driven::Driven, redis::Redis},
    direct::Cache,
    testkit::conformance,
};

#[test]
fn a_server_keeps_the_contract() {
    let store = Driven::new(Redis::from_url("redis://127.0.0.1:17379/1").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_socket_keeps_the_contract() {
    let store = Driven::new(Redis::from_url("redis+unix:///tmp/r/sock?db=2").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_cluster_keeps_the_contract() {
    let store = Driven::new(Redis::from_url("redis-cluster://127.0.0.1:17501,127.0.0.1:17502").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

/// The same cache as two processes would have it: each with its own connection.
fn node(host: &str, name: &str) -> Cache<u64, u64> {
    let url = format!("redis://{host}:17379/3");
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
    let (a, b) = (node("127.0.0.1", "heard"), node("localhost", "heard"));
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

#[test]
fn a_load_that_began_before_a_change_elsewhere_is_not_kept() {
    let (a, b) = (node("127.0.0.1", "fenced"), node("localhost", "fenced"));
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
    let (a, b) = (node("127.0.0.1", "lost"), node("localhost", "lost"));
    a.clear();
    a.set(&1, 1);
    assert_eq!(b.get(&1), Some(1));
    let mut server = TcpStream::connect("127.0.0.1:17379").expect("a server");
    server.write_all(b"CLIENT KILL TYPE normal SKIPME yes\r\n").expect("sent");
    server.write_all(b"SELECT 3\r\nFLUSHDB\r\n").expect("sent");
    soon(|| b.get(&1).is_none() && a.get(&1).is_none());
    a.set(&1, 2);
    soon(|| b.get(&1) == Some(2));
    a.set(&1, 3);
    soon(|| b.get(&1) == Some(3));
}
