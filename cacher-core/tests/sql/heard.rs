//! News of changes by others, which only PostgreSQL tells.
#![cfg(feature = "postgres")]

use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use cacher_core::{
    backend::{Backend, Key, Notice, Put, Watcher},
    direct::Cache,
};
use cacher_servers::Proxy;

use crate::support::{Scratch, Session, Store, after, key};

/// A table of a test's own, if there is a server.
fn scratch() -> Option<Scratch> {
    cacher_servers::postgres().map(|database| Scratch::of(&database))
}

type Numbers = Cache<u64, u64>;

/// The same cache as two processes would have it: each with its own connections.
fn node(url: &str) -> Numbers {
    Cache::builder().name("numbers").backend("memory://").backend(url).build().expect("a cache")
}

/// The same server by another name of the machine, and so another store.
fn elsewhere(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

fn nodes(scratch: &Scratch) -> [Numbers; 2] {
    let url = format!("{}&timeout=10s", scratch.url());
    [node(&url), node(&elsewhere(&url))]
}

/// What is true soon.
#[track_caller]
fn soon(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(10), "it did not become true");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn memory_hears_of_changes_by_other_nodes() {
    let Some(scratch) = scratch() else { return };
    let [a, b] = nodes(&scratch);
    assert_eq!((a.get_or_load(&1, || 10), b.get_or_load(&1, || 99)), (10, 10));
    a.set(&1, 11);
    soon(|| b.get(&1) == Some(11));
    let hits = a.stats().hits;
    assert_eq!((a.get(&1), a.stats().hits), (Some(11), hits + 1));
    Session::open(&scratch.url()).run(&format!("DELETE FROM {}", scratch.table)).expect("a server");
    assert_eq!(a.get(&1), Some(11), "its own write is still in its memory");
    b.delete(&1);
    soon(|| a.get(&1).is_none());
    a.set(&2, 20);
    assert_eq!(b.get(&2), Some(20));
    a.clear();
    soon(|| b.get(&2).is_none());
}

#[test]
fn a_load_that_began_before_a_change_elsewhere_is_kept_nowhere() {
    let Some(scratch) = scratch() else { return };
    let [a, b] = nodes(&scratch);
    for number in 0..50 {
        let old = b.get_or_load(&number, || {
            // No time for the news to arrive before the value of this load does.
            a.set(&number, 2);
            1
        });
        assert_eq!(old, 1, "the caller gets what its body made");
        soon(|| b.get(&number).is_none_or(|value| value == 2));
        assert!(a.get(&number).is_none_or(|value| value == 2));
        let other = node(&scratch.url().replace("127.0.0.1", "LocalHost"));
        assert!(other.get(&number).is_none_or(|value| value == 2), "it is not in the table");
    }
}

/// A store on the table, what it was told of a namespace, and another that changes things.
struct Heard {
    store: Store,
    told: Arc<Mutex<Vec<Notice>>>,
    other: Store,
}

impl Heard {
    fn of(scratch: &Scratch, namespace: &str) -> Self {
        let (store, other) = (scratch.open(), scratch.open());
        let told = Arc::new(Mutex::new(Vec::new()));
        let native = store.native().expect("a store of its kind");
        let watcher = {
            let told = Arc::clone(&told);
            Watcher::new(move |notice| {
                told.lock().expect("no panic").push(notice);
                true
            })
        };
        assert!(store.capabilities().watch && native.watch(namespace, watcher));
        // Whoever has an answer hears of what comes then.
        store.get(&key(namespace, "any")).expect("a server");
        Self { store, told, other }
    }

    /// What is told of a change, before that of one more.
    fn by(&self, change: impl FnOnce(&Store)) -> Vec<Notice> {
        change(&self.other);
        let last = key("heard", "last");
        self.other.put(&last, b"", None).expect("a server");
        let last = self.changed(&last);
        soon(|| self.told.lock().expect("no panic").contains(&last));
        let mut told = std::mem::take(&mut *self.told.lock().expect("no panic"));
        assert_eq!(told.pop(), Some(last));
        told
    }

    fn changed(&self, key: &Key) -> Notice {
        Notice::Changed(self.store.native().expect("a store of its kind").mark(key))
    }
}

#[test]
fn each_change_is_told_once_and_as_what_it_is() {
    let Some(scratch) = scratch() else { return };
    let heard = Heard::of(&scratch, "heard");
    let (one, later) = (key("heard", "one"), Some(after(60_000)));
    let changed = [heard.changed(&one)];
    assert_eq!(heard.by(|other| other.put(&one, b"entry", later).expect("a server")), changed);
    assert_eq!(heard.by(|other| assert!(other.touch(&one, None).expect("a server"))), changed);
    assert_eq!(heard.by(|other| assert!(!other.put_if_absent(&one, b"", None).expect("a server"))), []);
    assert_eq!(heard.by(|other| assert!(other.remove(&one).expect("a server"))), changed);
    assert_eq!(heard.by(|other| assert!(!other.remove(&one).expect("a server"))), changed, "others may be loading it");
    assert_eq!(heard.by(|other| assert!(!other.touch(&one, None).expect("a server"))), []);
    let both = [one.clone(), key("heard", "two")];
    let told = heard.by(|other| assert_eq!(other.remove_many(&both).expect("a server"), 0));
    assert_eq!(told, both.each_ref().map(|key| heard.changed(key)));
    assert_eq!(heard.by(|other| assert!(other.put_if_absent(&one, b"", None).expect("a server"))), changed);
    assert_eq!(heard.by(|other| drop(other.get(&one))), []);
    assert_eq!(heard.by(|other| assert_eq!(other.clear("heard").expect("a server"), 2)), [Notice::Lost]);
    assert_eq!(heard.by(|other| assert_eq!(other.clear("heard").expect("a server"), 1)), [Notice::Lost]);
    assert_eq!(heard.by(|other| drop(other.clear("heard::inner"))), []);
    assert_eq!(heard.by(|other| other.put(&key("heard::inner", "one"), b"", None).expect("a server")), []);
    assert_eq!(heard.by(|_| heard.store.put(&one, b"own", None).expect("a server")), [], "its own");
}

#[test]
fn many_at_once_are_told_of_one_by_one() {
    let Some(scratch) = scratch() else { return };
    let heard = Heard::of(&scratch, "heard");
    let put = |namespace: &str, number: u32| Put {
        key: key(namespace, &format!("name {number:04}")),
        entry: b"entry".to_vec(),
        expires: None,
    };
    let mut puts: Vec<_> = (0..1000).map(|number| put("heard", number)).collect();
    let mut expected: Vec<_> = puts.iter().map(|put| heard.changed(&put.key)).collect();
    puts.extend((0..10).map(|number| put("other", number)));
    let mut told = heard.by(|other| other.put_many(&puts).expect("a server"));
    let order = |notice: &Notice| format!("{notice:?}");
    told.sort_by_key(order);
    expected.sort_by_key(order);
    assert_eq!(told, expected);
}

#[test]
fn messages_name_neither_keys_nor_values() {
    let Some(scratch) = scratch() else { return };
    let store = scratch.open();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut listener = sqlx::postgres::PgListener::connect(&scratch.url().replace("?table", "?application_name"))
            .await
            .expect("a server");
        listener.listen(&scratch.table).await.expect("a server");
        store.put(&key("namespace", "name"), b"entry", None).expect("a server");
        store.remove(&key("namespace", "name")).expect("a server");
        for _ in 0..2 {
            let told = listener.recv().await.expect("a message");
            assert!(told.payload().bytes().all(|digit| digit.is_ascii_hexdigit()), "{told:?}");
        }
    });
}

/// Ends the connections that listen, but for this one.
fn end_listeners(url: &str) -> u64 {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
               AND query LIKE '%pg_listening_channels%'";
    Session::open(url).run(sql).expect("a server")
}

#[test]
fn a_lost_connection_empties_memory() {
    let Some(server) = cacher_servers::Postgres::private() else { return };
    let url = server.url();
    let [a, b] = [node(&url), node(&elsewhere(&url))];
    a.set(&1, 1);
    // By then their connections have been tried.
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(b.get(&1), Some(1));
    // Told of by nobody.
    Session::open(&url).run("TRUNCATE cacher_entries").expect("a server");
    assert_eq!((a.get(&1), b.get(&1)), (Some(1), Some(1)), "nobody has heard of it");
    assert_eq!(end_listeners(&url), 2);
    soon(|| b.get(&1).is_none() && a.get(&1).is_none());
    for value in 2..10 {
        a.set(&1, value);
        soon(|| b.get(&1) == Some(value));
    }
    assert_eq!(a.stats().store_errors + b.stats().store_errors, 0, "the others still serve");
}

#[test]
fn a_server_that_falls_silent_is_noticed() {
    let Some(scratch) = scratch() else { return };
    let address = scratch.url().split(['@', '/']).nth(3).expect("an address").to_owned();
    let proxy = Proxy::before(&address);
    let url = scratch.url() + "&timeout=500ms";
    let (a, b) = (node(&url), node(&url.replace(&address, &proxy.address())));
    a.set(&1, 1);
    assert_eq!(b.get(&1), Some(1));
    proxy.hold();
    a.set(&1, 2);
    let start = Instant::now();
    soon(|| b.get(&1) != Some(1));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    proxy.drop_all();
    proxy.pass();
    soon(|| b.get(&1) == Some(2));
    a.set(&1, 3);
    soon(|| b.get(&1) == Some(3));
}

/// What is loaded while nothing is heard is forgotten when news come again: others may have changed it.
#[test]
fn what_was_loaded_without_news_is_not_kept() {
    let Some(server) = cacher_servers::Postgres::private() else { return };
    server.stop();
    let [a, b] = [node(&server.url()), node(&elsewhere(&server.url()))];
    assert_eq!((a.get_or_load(&1, || 1), a.get(&1)), (1, Some(1)), "memory works all the same");
    server.start();
    assert!(b.set(&1, 2));
    soon(|| a.get(&1) == Some(2));
}

#[test]
fn what_is_said_by_hand_empties_memory() {
    let Some(scratch) = scratch() else { return };
    let [a, _] = nodes(&scratch);
    a.set(&1, 1);
    let mut session = Session::open(&scratch.url());
    session.run(&format!("TRUNCATE {}", scratch.table)).expect("a server");
    assert_eq!(a.get(&1), Some(1));
    session.run(&format!("NOTIFY {}", scratch.table)).expect("a server");
    soon(|| a.get(&1).is_none());
}

#[test]
fn without_coherence_nothing_is_told() {
    let Some(scratch) = scratch() else { return };
    let url = format!("{}&timeout=10s&coherence=off", scratch.url());
    let [a, b] = [node(&url), node(&elsewhere(&url))];
    a.set(&1, 1);
    assert_eq!(b.get(&1), Some(1));
    let heard = Heard::of(&scratch, "numbers");
    a.set(&1, 2);
    a.delete(&2);
    assert_eq!(b.get(&1), Some(1));
    let last = key("numbers", "last");
    heard.other.put(&last, b"", None).expect("a server");
    soon(|| !heard.told.lock().expect("no panic").is_empty());
    assert_eq!(*heard.told.lock().expect("no panic"), [heard.changed(&last)]);
}
