//! How often a thousand items go to a server and back, as the server counts it.

use std::{
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

#[cfg(any(feature = "redis", feature = "memcached"))]
use cacher::Cache;
use cacher::cache;

/// How many items there are.
const ITEMS: u64 = 1000;

fn items() -> Vec<u64> {
    (0..ITEMS).collect()
}

/// What `count` counts while `work` goes on.
fn counted<const N: usize>(count: impl Fn() -> [u64; N], work: impl FnOnce()) -> [u64; N] {
    let before = count();
    work();
    let after = count();
    std::array::from_fn(|at| after[at] - before[at])
}

/// Waits until `seen` holds.
fn until(seen: impl Fn() -> bool) {
    let start = Instant::now();
    while !seen() {
        assert!(start.elapsed() < Duration::from_secs(20), "never seen");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A function over many items at the place that is said before it is called.
macro_rules! values_at {
    () => {
        static PLACE: OnceLock<String> = OnceLock::new();
        fn place() -> String {
            PLACE.get().cloned().unwrap_or_default()
        }
        #[cache(batch = ids, backend = place(), ttl = "1h")]
        fn values(ids: &[u64]) -> Vec<String> {
            ids.iter().map(|id| format!("value {id}")).collect()
        }
        /// All that there is to be connected and prepared.
        fn warm_up(at: &str) {
            PLACE.set(at.to_owned()).expect("it is said once");
            for ids in [vec![ITEMS], items().into_iter().map(|id| id + 5000).collect()] {
                values(&ids);
                values(&ids);
                values::entries(&ids).invalidate();
            }
            assert_eq!(values::cache().stats().store_errors, 0);
        }
        fn all_are_right() {
            let values = values(&items());
            assert!(
                values.len() == 1000 && (0..).zip(values).all(|(id, value): (u64, _)| value == format!("value {id}"))
            );
        }
    };
}

#[cfg(feature = "redis")]
#[test]
fn redis_is_asked_once_and_told_once() {
    values_at!();
    let Some(server) = cacher_servers::Redis::private() else { return };
    let calls = || ["get", "mget", "set", "unlink", "publish"].map(|command| server.client().calls(command));
    warm_up(&server.url());
    assert_eq!(counted(calls, all_are_right), [0, 1, ITEMS, 0, 0], "all missing");
    assert_eq!(counted(calls, all_are_right), [0, 1, 0, 0, 0], "all present");
    let half: Vec<_> = (ITEMS / 2..ITEMS * 3 / 2).collect();
    assert_eq!(counted(calls, || drop(values(&half))), [0, 1, ITEMS / 2, 0, 0], "half present");
    assert_eq!(counted(calls, || _ = values::entries(&items()).invalidate()), [0, 0, 0, 1, 0]);
    assert_eq!(values::entries(&items()).contains(), vec![false; 1000]);
}

#[cfg(feature = "redis")]
#[test]
fn redis_is_told_of_all_in_one_way_to_it() {
    let Some(server) = cacher_servers::Redis::private() else { return };
    let proxy = cacher_servers::Proxy::before(server.url());
    let store = Cache::<u64, u64>::from_url(&format!("redis://{}?timeout=30s", proxy.address())).unwrap();
    let entries = items();
    store.set_many(entries.iter().map(|id| (id, *id)));
    let sets = server.client().calls("set");
    proxy.mute();
    thread::scope(|threads| {
        let setting = threads.spawn(|| store.set_many(entries.iter().map(|id| (id, id + 1))));
        until(|| server.client().calls("set") == sets + ITEMS);
        assert!(!setting.is_finished());
        proxy.pass();
        assert_eq!(setting.join().unwrap(), ITEMS);
    });
    let calls = || ["mget", "unlink"].map(|command| server.client().calls(command));
    assert_eq!(counted(calls, || assert!(store.get_many(&entries).iter().all(Option::is_some))), [1, 0]);
    assert_eq!(counted(calls, || assert_eq!(store.delete_many(&entries), ITEMS)), [1, 1]);
}

#[cfg(feature = "memcached")]
#[test]
fn memcached_is_asked_and_told_in_one_way_to_it() {
    values_at!();
    let Some(server) = cacher_servers::Memcached::private() else { return };
    let proxy = cacher_servers::Proxy::before(server.url());
    warm_up(&format!("memcached://{}?timeout=30s", proxy.address()));
    let store = Cache::<u64, u64>::from_url(&format!("memcached://{}?timeout=30s", proxy.address())).unwrap();
    let entries = items();
    store.set_many(entries.iter().map(|id| (id, *id)));
    let count = |name: &str| server.stats()[name].parse::<u64>().unwrap();
    let calls = || ["cmd_get", "cmd_set", "delete_hits"].map(count);
    // The first of each message is for the number of the namespace.
    assert_eq!(counted(calls, all_are_right), [2 + ITEMS, ITEMS, 0], "all missing");
    assert_eq!(counted(calls, all_are_right), [1 + ITEMS, 0, 0], "all present");
    let one_way = |work: &(dyn Fn() + Sync), expected: [u64; 3]| {
        let before = calls();
        proxy.mute();
        thread::scope(|threads| {
            let working = threads.spawn(work);
            until(|| calls() == std::array::from_fn(|at| before[at] + expected[at]));
            assert!(!working.is_finished());
            proxy.pass();
            working.join().unwrap();
        });
    };
    one_way(&all_are_right, [1 + ITEMS, 0, 0]);
    one_way(&|| assert_eq!(store.set_many(entries.iter().map(|id| (id, id + 1))), ITEMS), [1, ITEMS, 0]);
    one_way(&|| assert!(store.get_many(&entries).iter().all(Option::is_some)), [1 + ITEMS, 0, 0]);
    one_way(&|| _ = values::entries(&entries).invalidate(), [1, 0, ITEMS]);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_is_asked_once_and_told_once() {
    values_at!();
    let settings = ["-c", "log_statement=all", "-c", "log_parameter_max_length=0"];
    let Some(server) = cacher_servers::Postgres::private_with(&settings) else { return };
    warm_up(&format!("{}?timeout=30s", server.url()));
    let calls = || ["SELECT k", "WITH", "BEGIN"].map(|word| statements(&server.log(), word));
    // A notice has room for the names of 486 entries, and goes with the statement that changes them.
    assert_eq!(counted(calls, all_are_right), [1, 3, 1], "all missing");
    assert_eq!(counted(calls, all_are_right), [1, 0, 0], "all present");
    assert_eq!(counted(calls, || _ = values::entries(&items()).invalidate()), [0, 3, 0]);
    assert_eq!(values::entries(&items()).contains(), vec![false; 1000]);
}

/// `LOG:  execute sqlx_s_1: SELECT ..`, `LOG:  statement: BEGIN`
#[cfg(feature = "postgres")]
fn statements(log: &str, word: &str) -> u64 {
    let said = |line: &&str| {
        let statement = line.split_once("LOG:  execute ").or_else(|| line.split_once("LOG:  statement: "));
        statement.is_some_and(|(_, rest)| rest.split_once(": ").map_or(rest, |(_, sql)| sql).starts_with(word))
    };
    log.lines().filter(said).count() as u64
}

#[cfg(feature = "mysql")]
#[test]
fn mariadb_is_asked_once_and_told_once() {
    values_at!();
    let settings = ["--general-log=1", "--general-log-file=general.log"];
    let Some(server) = cacher_servers::MariaDb::private_with(&settings) else { return };
    warm_up(&format!("{}?timeout=30s", server.url()));
    let log = || std::fs::read(server.home().join("data/general.log")).unwrap_or_default();
    let calls = || {
        let log = String::from_utf8_lossy(&log()).into_owned();
        ["SELECT", "INSERT", "DELETE", "START"].map(|word| log.matches(&format!(" Execute\t{word}")).count() as u64)
    };
    assert_eq!(counted(calls, all_are_right), [1, 1, 0, 0], "all missing");
    assert_eq!(counted(calls, all_are_right), [1, 0, 0, 0], "all present");
    assert_eq!(counted(calls, || _ = values::entries(&items()).invalidate()), [0, 0, 1, 0]);
    assert_eq!(values::entries(&items()).contains(), vec![false; 1000]);
}

#[cfg(feature = "mongodb")]
#[test]
fn mongodb_is_asked_once_and_told_once() {
    values_at!();
    let Some(server) = cacher_servers::MongoDb::private_with(&["--slowms", "-1"]) else { return };
    warm_up(&format!("{}?collection=trips&timeout=30s", server.url()));
    let calls = || {
        let log = server.log();
        let commands = |word: &str| {
            let command = format!("\"command\":{{\"{word}\":\"trips\"");
            log.lines().filter(|line| line.contains("Slow query") && line.contains(&command)).count() as u64
        };
        ["find", "getMore", "update", "delete"].map(commands)
    };
    assert_eq!(counted(calls, all_are_right), [1, 0, 1, 0], "all missing");
    assert_eq!(counted(calls, all_are_right), [1, 0, 0, 0], "all present");
    assert_eq!(counted(calls, || _ = values::entries(&items()).invalidate()), [0, 0, 0, 1]);
    assert_eq!(values::entries(&items()).contains(), vec![false; 1000]);
}
