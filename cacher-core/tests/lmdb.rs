//! The store `lmdb://`: the contract, and what only a memory map can get wrong.
#![cfg(feature = "lmdb")]

use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Cost, Durability, Key, Put, lmdb::Lmdb},
    error::Kind,
    testkit::{TempDir, conformance},
};

const SPACE: &str = "app::posts::fetch";
const HOUR: Duration = Duration::from_secs(3600);
const MEBIBYTE: usize = 1 << 20;

fn open(dir: &Path) -> Lmdb {
    Lmdb::open(dir).expect("open")
}

fn key(name: &str) -> Key {
    Key { namespace: SPACE.into(), name: name.into(), format: "json" }
}

#[test]
fn cch_68_lmdb_keeps_the_contract() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(open(dir.path())));
}

#[test]
fn lmdb_that_survives_a_power_loss_keeps_the_contract() {
    let dir = TempDir::new();
    let options = Lmdb::at(dir.path().join("a/b")).durability(Durability::Power);
    conformance::run(|| Arc::new(options.clone().open().expect("open")));
}

#[test]
fn the_map_grows_by_itself() {
    let dir = TempDir::new();
    let store = open(dir.path());
    let entry = |n: u8| vec![n; MEBIBYTE];
    for n in 0..40 {
        store.put(&key(&format!("{n}")), &entry(n), None).expect("put");
    }
    assert!(fs::metadata(dir.path().join("data.mdb")).expect("there").len() > 40 * MEBIBYTE as u64);
    // One entry that doubling once has no room for.
    store.put(&key("large"), &vec![7; 200 * MEBIBYTE], None).expect("put");
    for n in 0..40 {
        assert_eq!(store.get(&key(&format!("{n}"))).expect("get"), Some(entry(n)));
    }
    assert_eq!(store.get(&key("large")).expect("get").map(|entry| entry.len()), Some(200 * MEBIBYTE));
}

#[test]
fn readers_and_writers_go_on_while_the_map_grows() {
    let dir = TempDir::new();
    let store = open(dir.path());
    store.put(&key("steady"), b"entry", None).expect("put");
    thread::scope(|scope| {
        let writers: Vec<_> = (0..3_u8)
            .map(|writer| {
                let store = open(dir.path());
                scope.spawn(move || {
                    for n in 0..40 {
                        let name = format!("{writer} {n}");
                        store.put(&key(&name), &vec![writer; MEBIBYTE / 4], None).expect("put");
                    }
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            assert_eq!(store.get(&key("steady")).expect("get").as_deref(), Some(&b"entry"[..]));
        }
    });
    assert_eq!(store.len(SPACE).expect("len"), 121);
}

#[test]
fn one_path_opened_twice_is_one_environment() {
    let dir = TempDir::new();
    let (one, other) = (open(dir.path()), open(&dir.path().join(".")));
    one.put(&key("x"), b"entry", None).expect("put");
    assert_eq!(other.get(&key("x")).expect("get").as_deref(), Some(&b"entry"[..]));
    assert_eq!(one.describe(), other.describe());
    #[cfg(unix)]
    {
        let elsewhere = TempDir::new();
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).expect("linked");
        assert_eq!(open(&link).get(&key("x")).expect("get").as_deref(), Some(&b"entry"[..]));
        assert_eq!(open(&link).describe(), one.describe());
    }
}

#[test]
fn a_path_that_is_closed_is_opened_again() {
    let dir = TempDir::new();
    thread::scope(|scope| {
        for thread in 0..4 {
            let dir = dir.path();
            scope.spawn(move || {
                for n in 0..20 {
                    open(dir).put(&key(&format!("{thread} {n}")), b"entry", None).expect("put");
                }
            });
        }
    });
    assert_eq!(open(dir.path()).len(SPACE).expect("len"), 80);
}

#[test]
fn keys_of_any_length_are_kept_apart() {
    let dir = TempDir::new();
    let store = open(dir.path());
    let key = |namespace: usize, name: usize| Key {
        namespace: "n".repeat(namespace).into(),
        name: "k".repeat(name).into(),
        format: "json",
    };
    let lengths = [0, 1, 400, 440, 441, 442, 500, 503, 504, 505, 506, 511, 512, 513, 70_000];
    let keys: Vec<Key> = lengths.iter().flat_map(|n| lengths.iter().map(|m| key(*n, *m))).collect();
    for (n, key) in keys.iter().enumerate() {
        store.put(key, &n.to_be_bytes(), None).expect("put");
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(store.get(key).expect("get"), Some(n.to_be_bytes().to_vec()));
    }
    for namespace in lengths.map(|n| "n".repeat(n)) {
        assert_eq!(store.len(&namespace).expect("len"), 15);
        assert_eq!(store.clear(&namespace).expect("clear"), 15);
        assert_eq!(store.len(&namespace).expect("len"), 0);
    }
}

#[test]
fn expired_entries_are_swept_and_touched_ones_are_not() {
    let dir = TempDir::new();
    let (store, now) = (open(dir.path()), SystemTime::now());
    let put = |n: u32| Put { key: key(&format!("old {n}")), entry: b"entry".to_vec(), expires: Some(now - HOUR) };
    store.put_many(&(0..1000).map(put).collect::<Vec<_>>()).expect("put_many");
    assert!(store.touch(&key("old 7"), Some(now + HOUR)).expect("touch"));
    assert!(store.touch(&key("old 8"), None).expect("touch"));
    assert_eq!(store.get(&key("old 8")).expect("get").as_deref(), Some(&b"entry"[..]));
    assert_eq!(store.sweep(SPACE, now).expect("sweep"), 998);
    assert_eq!(store.len(SPACE).expect("len"), 2);
}

#[test]
fn scan_shows_more_than_one_page_and_lets_its_visitor_use_the_store() {
    let dir = TempDir::new();
    let store = open(dir.path());
    // A whole number of pages.
    let put = |n: u32| Put { key: key(&format!("{n}")), entry: n.to_be_bytes().to_vec(), expires: None };
    store.put_many(&(0..1024).map(put).collect::<Vec<_>>()).expect("put_many");
    let mut found = Vec::new();
    let visit = &mut |scanned: cacher_core::backend::Scanned| {
        store.put(&key("0"), &0_u32.to_be_bytes(), None).expect("put");
        found.push(scanned.entry);
        true
    };
    store.scan(SPACE, visit).expect("scan");
    found.sort();
    assert_eq!(found, (0..1024_u32).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>());
    assert_eq!(store.clear(SPACE).expect("clear"), 1024);
    assert_eq!(store.cost(), Cost::ReadsInPlace);
}

#[test]
fn what_is_not_lmdb_is_an_error() {
    let dir = TempDir::new();
    fs::create_dir(dir.path().join("theirs")).expect("made");
    let theirs = dir.path().join("theirs/data.mdb");
    fs::write(&theirs, "mine, and long enough to be looked at ".repeat(1000)).expect("written");
    let error = Lmdb::open(dir.path().join("theirs")).expect_err("not ours");
    assert_eq!(error.kind(), Kind::Invalid, "{error}");
    assert!(fs::read(&theirs).expect("there").starts_with(b"mine"));
    fs::write(dir.path().join("file"), "mine").expect("written");
    let error = Lmdb::open(dir.path().join("file")).expect_err("a file");
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
}

#[cfg(unix)]
#[test]
fn only_our_user_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let store = open(&dir.path().join("a/b"));
    store.put(&key("x"), b"entry", None).expect("put");
    for (path, expected) in [("a", 0o700), ("a/b", 0o700), ("a/b/data.mdb", 0o600), ("a/b/lock.mdb", 0o600)] {
        let mode = fs::metadata(dir.path().join(path)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{path}");
    }
}

#[test]
fn urls_make_stores() {
    let dir = TempDir::new();
    let path = dir.path().canonicalize().expect("a path");
    let path = path.display();
    let store = Lmdb::from_url(&format!("lmdb://{path}/a%20b?format=json&durability=power")).expect("valid");
    assert_eq!((store.describe(), &*Backend::format(&store)), (format!("lmdb://{path}/a b"), "json"));
    for (url, part) in [
        ("lmdb://", "path is missing"),
        ("lmdb:///x?map_size=9", "format, durability"),
        ("lmdb:///x?durability=disk", "`process` or `power`"),
        ("file:///x", "not file://"),
    ] {
        let error = Lmdb::from_url(url).expect_err(url);
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(part), "{error}");
    }
}
