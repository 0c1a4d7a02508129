//! The store `sqlite://`: the contract, and what only a database can get wrong.
#![cfg(feature = "sqlite")]

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Cost, Durability, Key, Put, sqlite::Sqlite},
    error::Kind,
    testkit::{TempDir, conformance},
};
use rusqlite::Connection;

const SPACE: &str = "app::posts::fetch";
const HOUR: Duration = Duration::from_secs(3600);

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir.join("cache.db")).expect("open")
}

fn rows(dir: &Path, sql: &str) -> i64 {
    let connection = Connection::open(dir.join("cache.db")).expect("open");
    connection.query_row(sql, [], |row| row.get(0)).expect("a row")
}

fn key(name: &str) -> Key {
    Key { namespace: SPACE.into(), name: name.into(), format: "json" }
}

#[test]
fn sqlite_keeps_the_contract() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(open(dir.path())));
}

#[test]
fn sqlite_that_survives_a_power_loss_keeps_the_contract() {
    let dir = TempDir::new();
    let options = Sqlite::at(dir.path().join("a/b/cache.db")).table("posts").durability(Durability::Power);
    conformance::run(|| Arc::new(options.clone().open().expect("open")));
}

#[test]
fn an_entry_is_one_row_and_has_an_index_for_its_expiry() {
    let dir = TempDir::new();
    let store = open(dir.path());
    for entry in [b"one", b"two"] {
        store.put(&key("x"), entry, Some(SystemTime::now() + HOUR)).expect("put");
    }
    assert_eq!(rows(dir.path(), "SELECT count(*) FROM cacher"), 1);
    assert_eq!(rows(dir.path(), "SELECT count(*) FROM cacher WHERE expires > 1000 * unixepoch()"), 1);
    let plan = "EXPLAIN QUERY PLAN SELECT rowid FROM cacher WHERE namespace = 'a' AND expires < 1";
    let connection = Connection::open(dir.path().join("cache.db")).expect("open");
    let plan: String = connection.query_row(plan, [], |row| row.get(3)).expect("a plan");
    assert!(plan.contains("USING") && plan.contains("cacher_expires"), "{plan}");
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
    assert_eq!((mode.as_str(), store.cost()), ("wal", Cost::ReadsInPlace));
}

#[test]
fn cch_67_many_threads_that_put_a_new_key_leave_one_row() {
    let dir = TempDir::new();
    thread::scope(|scope| {
        for thread in 0..8_u8 {
            let store = open(dir.path());
            scope.spawn(move || store.put(&key("new"), &[thread], None).expect("put"));
        }
    });
    assert_eq!(rows(dir.path(), "SELECT count(*) FROM cacher"), 1);
}

#[test]
fn cme_34_the_name_of_a_table_is_checked() {
    let dir = TempDir::new();
    let table = |name: &'static str| Sqlite::at(dir.path().join("cache.db")).table(name).open();
    for name in ["a", "A", "_posts_2", "select", "cacher"] {
        let store = table(name).expect(name);
        store.put(&key("x"), name.as_bytes(), None).expect("put");
    }
    assert_eq!(table("a").expect("open").get(&key("x")).expect("get").as_deref(), Some(&b"A"[..]));
    for name in ["a;b", "", "1a", "a b", "a\"b", "sqlite_master", "é", "a\0"] {
        let error = table(name).expect_err(name);
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains("invalid table name"), "{error}");
    }
}

#[test]
fn tables_of_others_are_let_be() {
    let dir = TempDir::new();
    let other = Connection::open(dir.path().join("cache.db")).expect("open");
    other
        .execute_batch("CREATE TABLE Posts (id INTEGER, entry TEXT); INSERT INTO posts VALUES (1, 'mine')")
        .expect("run");
    let error = Sqlite::at(dir.path().join("cache.db")).table("posts").open().expect_err("not ours");
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.to_string().contains("choose another name"), "{error}");
    let store = open(dir.path());
    store.put(&key("x"), b"entry", None).expect("put");
    store.clear(SPACE).expect("clear");
    assert_eq!(rows(dir.path(), "SELECT count(*) FROM posts WHERE entry = 'mine'"), 1);
}

#[test]
fn expired_rows_are_swept_and_touched_ones_are_not() {
    let dir = TempDir::new();
    let (store, now) = (open(dir.path()), SystemTime::now());
    for name in 0..600 {
        store.put(&key(&format!("old {name}")), b"entry", Some(now - HOUR)).expect("put");
    }
    assert!(store.touch(&key("old 7"), Some(now + HOUR)).expect("touch"));
    assert!(store.touch(&key("old 8"), None).expect("touch"));
    assert_eq!(store.sweep(SPACE, now).expect("sweep"), 598);
    assert_eq!(store.len(SPACE).expect("len"), 2);
}

#[test]
fn scan_shows_more_than_one_page_and_lets_its_visitor_use_the_store() {
    let dir = TempDir::new();
    let store = open(dir.path());
    let put = |n: u32| Put { key: key(&format!("{n}")), entry: n.to_be_bytes().to_vec(), expires: None };
    store.put_many(&(0..1000).map(put).collect::<Vec<_>>()).expect("put_many");
    let mut found = Vec::new();
    let visit = &mut |scanned: cacher_core::backend::Scanned| {
        store.put(&key("0"), b"0000", None).expect("put");
        found.push(scanned.entry);
        true
    };
    store.scan(SPACE, visit).expect("scan");
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 1000);
}

#[test]
fn what_is_no_database_is_an_error() {
    let dir = TempDir::new();
    std::fs::write(dir.path().join("cache.db"), "mine, and long enough to be looked at ".repeat(100)).expect("written");
    let error = Sqlite::open(dir.path().join("cache.db")).expect_err("no database");
    assert_eq!(error.kind(), Kind::Invalid, "{error}");
    let error = Sqlite::open(dir.path()).expect_err("a directory");
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    assert!(std::fs::read(dir.path().join("cache.db")).expect("there").starts_with(b"mine"));
}

#[cfg(unix)]
#[test]
fn only_our_user_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let store = open(&dir.path().join("a/b"));
    store.put(&key("x"), b"entry", None).expect("put");
    for (path, expected) in [("a", 0o700), ("a/b", 0o700), ("a/b/cache.db", 0o600), ("a/b/cache.db-wal", 0o600)] {
        let mode = std::fs::metadata(dir.path().join(path)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{path}");
    }
}

#[test]
fn urls_make_stores() {
    let dir = TempDir::new();
    let path = dir.path().canonicalize().expect("a path");
    let path = path.display();
    let store = Sqlite::from_url(&format!("sqlite://{path}/a%20b.db?table=Posts&format=json&durability=power"));
    let store = store.expect("valid");
    assert_eq!(store.describe(), format!("sqlite://{path}/a b.db?table=posts"));
    assert_eq!(Backend::format(&store), "json");
    let store = Sqlite::from_url(&format!("sqlite://{path}/c.db")).expect("valid");
    assert_eq!(store.describe(), format!("sqlite://{path}/c.db?table=cacher"));
    assert_eq!(Backend::format(&store), "msgpack");
    for (url, part) in [
        ("sqlite://", "path is missing"),
        ("sqlite://:memory:", "memory://?format=msgpack"),
        ("sqlite:///x?tabel=a", "table, format, durability"),
        ("sqlite:///x?table=a;b", "invalid table name"),
        ("sqlite:///x?durability=disk", "`process` or `power`"),
        ("sqlite:///x?format=", "format=msgpack"),
        ("file:///x", "not file://"),
    ] {
        let error = Sqlite::from_url(url).expect_err(url);
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(part), "{error}");
    }
}
