//! The store on memcached, against real servers.

#![cfg(all(feature = "memcached", unix))]

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    os::unix::net::UnixListener,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use cacher_core::{
    backend::{
        Backend, Key, Put,
        driven::{Breaker, Driven},
        memcached::Memcached,
    },
    direct::Cache,
    error::Kind,
    testkit::{TempDir, conformance},
};
use cacher_servers::Proxy;

#[path = "turns/mod.rs"]
mod turns;

const SPACE: &str = "app::posts";
const MEBIBYTE: usize = 1 << 20;

fn key(name: &str) -> Key {
    Key { namespace: SPACE.into(), name: name.into(), format: "json" }
}

/// A view of its own, as another process would have, that is never left alone.
fn open(url: &str) -> Driven<Memcached> {
    let mut patient = Breaker::default();
    patient.least = u32::MAX;
    Driven::with_breaker(Memcached::from_url(url).expect("a URL"), patient)
}

/// A server that takes entries of a mebibyte.
fn roomy() -> Option<cacher_servers::Memcached> {
    cacher_servers::Memcached::private_with(&["-I", "2m"])
}

/// The line that a server answers to this.
fn said(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a server");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("an answer");
    line
}

/// Listens at a path for a server that listens at a port.
fn listen(path: &Path, address: String) {
    let listener = UnixListener::bind(path).expect("a socket");
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(&address) else { continue };
            let (mut from_near, mut to_far) = (near.try_clone().expect("a copy"), far.try_clone().expect("a copy"));
            thread::spawn(move || {
                let _ = io::copy(&mut from_near, &mut to_far);
                let _ = to_far.shutdown(std::net::Shutdown::Both);
            });
            thread::spawn(move || io::copy(&mut { far }, &mut { near }));
        }
    });
}

#[test]
fn a_server_keeps_the_contract() {
    let Some(server) = roomy() else { return };
    conformance::run(|| Arc::new(open(&server.url())));
}

#[test]
fn several_servers_keep_the_contract() {
    let (Some(a), Some(b)) = (roomy(), roomy()) else { return };
    let url = format!("{},{}", a.url(), b.address());
    conformance::run(|| Arc::new(open(&url)));
    assert!([a, b].iter().all(|server| server.stats()["cmd_set"] != "0"), "one has all the keys");
}

#[test]
fn a_socket_keeps_the_contract() {
    let Some(server) = roomy() else { return };
    let dir = TempDir::new();
    let path = dir.path().join("socket");
    listen(&path, server.address());
    let url = format!("memcached+unix://{}", path.display());
    conformance::run(|| Arc::new(open(&url)));
}

#[test]
fn a_clearing_by_another_holds_at_once() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let (a, b) = (open(&server.url()), open(&server.url()));
    let (one, two) = (key("one"), key("two"));
    for round in 0..20 {
        a.put(&one, b"old", None).expect("put");
        assert_eq!(b.get(&one).expect("get").as_deref(), Some(&b"old"[..]), "round {round}");
        assert_eq!(b.clear(SPACE).expect("clear"), 1);
        assert_eq!(a.get(&one).expect("get"), None);
        assert!(!a.touch(&one, None).expect("touch") && !a.remove(&one).expect("remove"));
        b.clear(SPACE).expect("clear");
        assert!(a.put_if_absent(&two, b"new", None).expect("put_if_absent"));
        assert!(!b.put_if_absent(&two, b"late", None).expect("put_if_absent"));
        b.clear(SPACE).expect("clear");
        let put = Put { key: two.clone(), entry: b"many".to_vec(), expires: None };
        a.put_many(&[put]).expect("put_many");
        assert_eq!(b.get_many(&[one.clone(), two.clone()]).expect("get_many"), [None, Some(b"many".to_vec())]);
    }
}

#[test]
fn a_number_that_is_evicted_brings_nothing_back_and_others_keep_theirs() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let (address, store) = (server.address(), open(&server.url()));
    assert_eq!(said(&address, "set posts 0 0 6\r\nothers\r\n"), "STORED\r\n");
    let names: Vec<Key> = (0..100).map(|n| key(&n.to_string())).collect();
    for _ in 0..5 {
        for name in &names {
            store.put(name, b"old", None).expect("put");
        }
        assert_eq!(said(&address, "delete app::posts|\r\n"), "DELETED\r\n");
        assert_eq!(store.get(&names[0]).expect("get"), None);
        store.put(&key("first"), b"new", None).expect("put");
        assert!(store.get_many(&names).expect("get_many").iter().all(Option::is_none));
        store.clear(SPACE).expect("clear");
    }
    assert_eq!(said(&address, "get posts\r\n"), "VALUE posts 0 6\r\n");
}

#[test]
fn an_entry_that_is_too_large_is_refused_and_the_one_before_is_gone() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let store = open(&server.url());
    let (large, small) = (vec![b'x'; 2 * MEBIBYTE], b"small".to_vec());
    for name in ["a", "b", "c"] {
        store.put(&key(name), &small, None).expect("put");
    }
    let connections = || server.stats()["total_connections"].parse::<u32>().expect("a number");
    let before = connections();
    let error = store.put(&key("a"), &large, None).expect_err("it is too large");
    assert_eq!(error.kind(), Kind::Rejected, "{error}");
    let put = |name: &str, entry: &[u8]| Put { key: key(name), entry: entry.to_vec(), expires: None };
    let error = store.put_many(&[put("c", b"new"), put("b", &large), put("d", b"new")]).expect_err("one is too large");
    assert_eq!(error.kind(), Kind::Rejected, "{error}");
    let found = store.get_many(&["a", "b", "c", "d"].map(key)).expect("the connection is in order");
    assert_eq!(found, [None, None, Some(b"new".to_vec()), Some(b"new".to_vec())]);
    assert_eq!(connections(), before + 1, "it is still the same; the statistics have one of their own");
}

#[test]
fn many_entries_come_in_their_order_from_several_servers() {
    let (Some(a), Some(b)) = (roomy(), roomy()) else { return };
    let store = open(&format!("{},{}", a.url(), b.address()));
    let keys: Vec<Key> = (0..500).map(|n| key(&n.to_string())).collect();
    let puts =
        keys.iter().step_by(2).map(|key| Put { key: key.clone(), entry: key.name.as_bytes().into(), expires: None });
    store.put_many(&puts.collect::<Vec<_>>()).expect("put_many");
    for (at, found) in store.get_many(&keys).expect("get_many").into_iter().enumerate() {
        assert_eq!(found, (at % 2 == 0).then(|| at.to_string().into_bytes()));
    }
}

/// The same cache as two processes would have it.
fn node(url: &str) -> Cache<u64, u64> {
    Cache::builder().name("nodes").backend("memory://").backend(url).build().expect("a cache")
}

#[test]
fn memory_in_front_is_filled_by_what_another_put() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let (a, b) = (node(&server.url()), node(&server.url().replace("127.0.0.1", "localhost")));
    assert!(a.set(&1, 10));
    assert_eq!((b.get(&1), b.get_or_load(&2, || 20), a.get(&2)), (Some(10), 20, Some(20)));
    server.stop();
    assert_eq!((b.get(&1), a.get(&2)), (Some(10), Some(20)), "from memory");
}

#[test]
fn expiry_is_never_early_and_soon() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let (store, start) = (open(&server.url()), Instant::now());
    let life = Duration::from_secs(1);
    store.put(&key("short"), b"1", Some(SystemTime::now() + life)).expect("put");
    store.put(&key("touched"), b"2", None).expect("put");
    store.put(&key("long"), b"3", Some(SystemTime::now() + Duration::from_secs(40 * 24 * 3600))).expect("put");
    assert!(store.touch(&key("touched"), Some(SystemTime::now() + life)).expect("touch"));
    let gone = |name: &str| store.get(&key(name)).expect("get").is_none();
    while !(gone("short") && gone("touched")) {
        assert!(start.elapsed() < 5 * life, "it does not expire");
        thread::sleep(life / 20);
    }
    assert!(start.elapsed() >= life, "{:?}", start.elapsed());
    assert!(!gone("long"), "forty days are a time, not a life");
}

#[test]
fn users_and_passwords_are_for_servers_that_ask_and_are_not_shown() {
    let dir = TempDir::new();
    let file = dir.path().join("users");
    std::fs::write(&file, "ann:hunter2\n").expect("a file");
    for (path, mode) in [(dir.path(), 0o755), (&*file, 0o644)] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("its own file");
    }
    let Some(asking) = cacher_servers::Memcached::private_with(&["-Y", &file.display().to_string()]) else { return };
    let url = |user: &str, address: &str| format!("memcached://{user}{address}");
    let store = open(&url("ann:hunter2@", &asking.address()));
    store.put(&key("a"), b"1", None).expect("the right password");
    assert_eq!(store.get(&key("a")).expect("get"), Some(b"1".to_vec()));
    for user in ["ann:hunter3@", ""] {
        let store = open(&url(user, &asking.address()));
        let error = store.get(&key("a")).expect_err("not let in");
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert!(!format!("{error:?} {store:?} {}", store.describe()).contains("hunter"), "{error:?} {store:?}");
    }
    let Some(open_to_all) = cacher_servers::Memcached::private() else { return };
    open(&url("ann:hunter2@", &open_to_all.address())).put(&key("a"), b"1", None).expect("it needs no password");
    assert_eq!(said(&open_to_all.address(), "get auth\r\n"), "END\r\n", "the password is an entry");
}

#[test]
fn a_server_that_was_away_is_used_again() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let store = open(&server.url());
    server.stop();
    assert_eq!(store.get(&key("a")).expect_err("it is away").kind(), Kind::Unavailable);
    for _ in 0..3 {
        server.start();
        store.put(&key("a"), b"1", None).expect("it is there");
        assert_eq!(store.get(&key("a")).expect("get"), Some(b"1".to_vec()));
        server.stop();
        assert_eq!(store.put(&key("a"), b"2", None).expect_err("it is away").kind(), Kind::Unavailable);
        server.start();
        assert_eq!(store.get(&key("a")).expect("by a connection that was lost"), None);
        server.stop();
    }
}

/// As long as one answer, for each server.
#[test]
fn clearing_does_not_wait_for_a_server_that_is_silent() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let store = open(&format!("{}?timeout=200ms", server.url()));
    store.put(&key("a"), b"1", None).expect("put");
    server.pause();
    let start = Instant::now();
    assert_eq!(store.clear(SPACE).expect_err("it is silent").kind(), Kind::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    server.resume();
    assert_eq!(store.clear(SPACE).expect("it answers again"), 1);
}

#[test]
fn a_connection_that_is_cut_or_late_mixes_nothing_up() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let proxy = Proxy::before(server.address());
    let store = open(&format!("memcached://{}?timeout=300ms", proxy.address()));
    let entries = [b'a', b'b'].map(|letter| vec![letter; 20_000]);
    for (name, entry) in ["a", "b"].iter().zip(&entries) {
        store.put(&key(name), entry, None).expect("put");
    }
    for bytes in [0, 1, 5, 30, 60, 100, 5_000, 20_000] {
        proxy.cut_after(bytes);
        for (name, entry) in ["a", "b"].iter().zip(&entries) {
            if let Ok(found) = store.get(&key(name)) {
                assert_eq!(found.as_ref(), Some(entry), "cut after {bytes}");
            }
        }
        proxy.pass();
        assert_eq!(store.get(&key("b")).expect("it passes again").as_ref(), Some(&entries[1]), "cut after {bytes}");
    }
    proxy.hold();
    assert_eq!(store.get(&key("a")).expect_err("no answer").kind(), Kind::Unavailable);
    proxy.pass();
    assert_eq!(store.get(&key("b")).expect("another connection").as_ref(), Some(&entries[1]));
}

/// A server, as three processes would know it.
fn elsewhere(urls: Option<String>) -> Option<[String; 3]> {
    let url = urls?;
    Some(["127.0.0.1", "localhost", "LocalHost"].map(|host| url.replace("127.0.0.1", host)))
}

turns::taken!(elsewhere(cacher_servers::memcached()));

/// What is under an entry while somebody loads it anew goes on being found, and comes back as it was.
#[test]
fn a_lease_in_front_of_an_entry_hides_nothing() {
    let Some(url) = cacher_servers::memcached() else { return };
    let store = open(&url);
    let native = store.native().expect("a store of its kind");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let key = Key { name: "leased".into(), ..key("") };
    for (expires, entry) in
        [(None, vec![b'\n'; 5]), (Some(SystemTime::now() + Duration::from_secs(600)), vec![7; MEBIBYTE - 4096])]
    {
        store.put(&key, &entry, expires).expect("a server");
        let lease = || native.lease(key.clone(), "ann".into(), Duration::from_secs(60));
        let token = runtime.block_on(lease()).expect("a server").expect("a lease");
        assert_eq!(store.get(&key).expect("a server").as_ref(), Some(&entry));
        assert_eq!(runtime.block_on(lease()).expect("a server").as_ref(), Some(&token));
        runtime.block_on(native.end_lease(key.clone(), Some(token.clone()))).expect("a server");
        assert_eq!(store.get(&key).expect("a server").as_ref(), Some(&entry));
        let put = runtime.block_on(native.put_leased(key.clone(), b"late".to_vec(), None, token)).expect("a server");
        assert!(!put && store.get(&key).expect("a server").as_ref() == Some(&entry));
        assert!(store.remove(&key).expect("a server"));
    }
    // With its lease an entry of this size is too large.
    store.put(&key, &vec![7; MEBIBYTE - 256], None).expect("a server");
    let lease = runtime.block_on(native.lease(key.clone(), "ann".repeat(100), Duration::from_secs(60)));
    let token = lease.expect("a server").expect("a lease");
    assert_eq!(store.get(&key).expect("a server"), None);
    assert!(runtime.block_on(native.put_leased(key.clone(), b"new".to_vec(), None, token)).expect("a server"));
}

/// A server that counts from the start again gives none of the tokens that it gave before.
#[test]
fn a_token_of_a_server_that_was_started_anew_is_none() {
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let store = open(&server.url());
    let native = store.native().expect("a store of its kind");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let lease = || native.lease(key("one"), "ann".into(), Duration::from_secs(60));
    let before = runtime.block_on(lease()).expect("a server").expect("a lease");
    server.stop();
    server.start();
    let after = runtime.block_on(lease()).expect("a server").expect("a lease");
    let put = |token: &str| native.put_leased(key("one"), b"entry".to_vec(), None, token.to_owned());
    assert!(!runtime.block_on(put(&before)).expect("a server"));
    assert!(runtime.block_on(put(&after)).expect("a server"), "{before} {after}");
}
