//! Servers that answer, and refuse.

use cacher_core::core::Removal;
use cacher_servers::{Redis, Reply};

use crate::scene::{bounded, cache, soon};

#[test]
fn a_server_that_is_full() {
    let Some(server) = Redis::private_with(&[("maxmemory", "3mb"), ("maxmemory-policy", "noeviction")]) else {
        return;
    };
    for memory in [false, true] {
        let cache = cache("full", &server.url(), memory);
        cache.set(&1, 10);
        let mut client = server.client();
        client.ask(&["CONFIG", "SET", "maxmemory", "1"]);
        let before = cache.stats().store_errors;
        assert_eq!(bounded(|| cache.get_or_load(&2, || 20)), 20);
        assert!(cache.stats().store_errors > before);
        cache.set(&1, 11);
        assert_ne!(cache.get(&1), Some(10), "what could not be replaced is not served");
        assert!(matches!(cache.entry(&1).invalidate(), Removal::Removed | Removal::Absent));
        assert_eq!(cache.get(&1), None);
        client.ask(&["CONFIG", "SET", "maxmemory", "0"]);
        let errors = cache.stats().store_errors;
        assert!(cache.set(&1, 12));
        assert_eq!((cache.get(&1), cache.stats().store_errors), (Some(12), errors), "at once: it was never left alone");
    }
}

/// A server that makes room has fewer entries, and never a wrong one.
#[test]
fn a_server_that_evicts() {
    let Some(server) = Redis::private_with(&[("maxmemory", "3mb"), ("maxmemory-policy", "allkeys-lru")]) else {
        return;
    };
    // Time enough on a machine that is busy: no answer would be an error.
    let cache = cache("evicting", &format!("{}?timeout=30s", server.url()), true);
    for key in 0..20_000 {
        cache.set(&key, key * 7);
    }
    let Reply::Integer(entries) = server.client().ask(&["DBSIZE"]) else { panic!("no number") };
    assert!(entries < 20_000, "it made room");
    for key in 0..20_000 {
        assert!(cache.get(&key).is_none_or(|value| value == key * 7));
        assert_eq!(cache.entry(&key).peek().unwrap_or(key * 7), key * 7);
    }
    assert_eq!(cache.stats().store_errors, 0);
}

/// A replica is read, and what it does not take is in memory alone.
#[test]
fn a_replica_that_refuses_to_be_written_to() {
    let (Some(primary), Some(replica)) = (Redis::private(), Redis::private()) else { return };
    let port = primary.port().to_string();
    replica.client().ask(&["REPLICAOF", "127.0.0.1", &port]);
    let writer = cache("replicated", &primary.url(), false);
    writer.set(&1, 10);
    let reader = cache("replicated", &replica.url(), true);
    soon(|| reader.get(&1) == Some(10));
    let before = reader.stats().store_errors;
    assert_eq!(reader.get_or_load(&2, || 20), 20);
    assert!(reader.stats().store_errors > before);
    assert_eq!(reader.entry(&1).invalidate(), Removal::Pending);
    assert_eq!(reader.get(&1), None, "what can't be removed is not served");
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(reader.get_or_load(&2, || 99), 20, "memory goes on");
    replica.client().ask(&["REPLICAOF", "NO", "ONE"]);
    soon(|| reader.stats().pending_removals == 0);
    soon(|| {
        let before = reader.stats().store_errors;
        reader.set(&3, 30) && reader.stats().store_errors == before
    });
}

#[test]
fn a_wrong_password_that_is_made_right() {
    let Some(server) = Redis::private_with(&[("requirepass", "first")]) else { return };
    let url = server.url().replace("first", "second");
    for memory in [false, true] {
        let cache = cache("password", &url, memory);
        assert_eq!(bounded(|| cache.get_or_load(&1, || 1)), 1);
        assert!(cache.stats().store_errors > 0);
        server.client().ask(&["CONFIG", "SET", "requirepass", "second"]);
        soon(|| {
            let before = cache.stats().store_errors;
            cache.set(&3, 30) && cache.stats().store_errors == before
        });
        let mut client = cacher_servers::Resp::connect(&server.address());
        client.ask(&["AUTH", "second"]);
        client.ask(&["CONFIG", "SET", "requirepass", "first"]);
        client.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
    }
}
