//! Cases that look at a Redis itself.

use std::time::SystemTime;

use ::cacher::keyer::Readable;
use cacher_servers::{Redis, Reply, Resp};

use super::prelude::*;
use crate::places::placed;

type Numbers = Cache<String, u64>;

fn bytes(reply: Reply) -> Option<Vec<u8>> {
    match reply {
        Reply::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn life(client: &mut Resp, key: &str) -> Duration {
    let Reply::Integer(left) = client.ask(&["PTTL", key]) else { panic!("no number") };
    Duration::from_millis(
        u64::try_from(left).unwrap_or_else(|_| panic!("{key} lives for ever, or is not there: {left}")),
    )
}

/// The names of keys, and what is in them, are our own. The life is the server's.
#[test]
fn ctu_52_the_server_knows_how_long_entries_live() {
    let Some(server) = Redis::private() else { return };
    let url = server.url();
    let open = |name: &str, ttl: u32| -> Numbers {
        let cache = Cache::builder().name(name).ttl(SECOND * ttl).keyer(Readable::new());
        cache.backend(&url).format("json").build().unwrap()
    };
    let mut client = server.client();
    for (name, ttl) in [("default", 600), ("minute", 60), ("pac.", 3600)] {
        let cache = open(name, ttl);
        assert!(cache.set("k", 1));
        let key = format!("{name}|json|{name}_key=k");
        let left = life(&mut client, &key);
        assert!(left <= SECOND * ttl && left > SECOND * ttl - MINUTE / 2, "{name}: {left:?}");
        let entry = bytes(client.ask(&["GET", &key])).expect("an entry");
        let entry: serde_json::Value = serde_json::from_slice(&entry).unwrap();
        assert_eq!(entry["value"], 1, "{entry}");
        assert!(cache.with_ttl(5 * SECOND).set("k", 2));
        let left = life(&mut client, &key);
        assert!(left <= 5 * SECOND && left > SECOND, "{name}: {left:?}");
    }
}

#[test]
fn cty_28_a_socket_tls_and_the_number_of_a_database() {
    let name = format!("direct::cty_28::{:?}", SystemTime::UNIX_EPOCH.elapsed().unwrap());
    let open = |url: &str| -> Option<Numbers> {
        let url = placed(url)?;
        Some(Cache::builder().name(&*name).backend(url).build().unwrap())
    };
    let Some(by_port) = open("{redis}/8?timeout=10s") else { return };
    assert!(by_port.set("a", 1));
    // The same server, by other ways.
    let by_socket = open("{redis_unix}?db=8&timeout=10s").expect("the same server");
    assert_eq!(by_socket.get("a"), Some(1));
    assert_eq!(open("{redis_unix}?db=7&timeout=10s").expect("the same server").get("a"), None);
    assert_eq!(open("{redis}/7?timeout=10s").expect("the same server").get("a"), None);
    #[cfg(feature = "redis_tls")]
    {
        let by_tls = placed("{redis_tls}").map(|url| url.replace('?', "/8?timeout=10s&")).expect("the same server");
        assert_eq!(open(&by_tls).expect("the same server").get("a"), Some(1));
    }
    assert!(by_socket.delete("a"));
    assert_eq!((by_port.get("a"), by_port.stats().store_errors), (None, 0));
}

#[test]
#[cfg(feature = "encrypt")]
fn ctu_49_a_server_that_sees_nothing_of_what_it_keeps() {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    };

    use ::cacher::backend::logged::Logged;

    use super::workload::{Calls, run};
    use crate::places::store;

    let Some(server) = Redis::private() else { return };
    ::cacher::set_secret_key([7; 32]).unwrap();
    let told = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&told);
    let logged = Logged::shared(store(&server.url()), move |_| _ = count.fetch_add(1, SeqCst));
    let cache: Calls = Cache::builder().name("ctu_49").backend(logged).format("msgpack+encrypt").build().unwrap();
    assert_eq!([run(&cache), run(&cache)], [30_000; 2]);
    assert_eq!(cache.get(&(1, Some("a".to_owned()), true)), Some(111));
    assert_eq!((cache.len(), cache.stats().store_errors), (50, 0));
    // What a walk would show is hidden, and said to be.
    assert_eq!(cache.keys().unwrap_err().kind(), Kind::Unsupported);
    assert!(told.load(SeqCst) >= 1000, "each call asks");
    let texts: Cache<String, String> =
        Cache::builder().name("ctu_49_texts").backend(store(&server.url())).format("msgpack+encrypt").build().unwrap();
    assert!(texts.set("Hello", "World!".to_owned()));
    let mut client = server.client();
    let Reply::Array(keys) = client.ask(&["KEYS", "*"]) else { panic!("no list") };
    assert_eq!(keys.len(), 51);
    for key in keys.into_iter().filter_map(bytes) {
        let entry = bytes(client.ask(&[&b"GET"[..], &key])).expect("an entry");
        for word in [&b"Hello"[..], b"World"] {
            assert!(!key.windows(5).chain(entry.windows(5)).any(|part| part == word), "{}", key.escape_ascii());
        }
    }
    assert!(texts.delete("Hello") && !texts.contains("Hello"));
}
