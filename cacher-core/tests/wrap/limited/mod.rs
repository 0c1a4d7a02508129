//! Stores that keep no more than they may.

mod model;

use std::{
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Key, Put, bytes::Bytes},
    error::Kind,
    testkit::{ManualClock, conformance},
    wrap::limited::{Eviction, Limited, Limits},
};

use crate::{key, watched::Watched};

const MINUTE: Duration = Duration::from_secs(60);
const SPACE: &str = "app::fetch";

fn limited(store: impl Backend, limits: Limits) -> Limited {
    Limited::new(store, limits).unwrap()
}

fn put(store: &dyn Backend, name: &str) {
    store.put(&key(name), name.as_bytes(), None).unwrap();
}

fn get(store: &dyn Backend, name: &str) -> bool {
    store.get(&key(name)).unwrap().is_some()
}

/// Which of these are there.
fn there(store: &dyn Backend, names: &str) -> String {
    names.chars().filter(|name| get(store, &name.to_string())).collect()
}

/// A few of every limit, none of which is reached.
fn wide() -> Limits {
    Limits::new().entries(10_000).bytes(1 << 30).age(60 * MINUTE).idle(60 * MINUTE).frequency(1, 60 * MINUTE)
}

#[test]
fn limited_memory_keeps_the_contract() {
    for eviction in [Eviction::Lru, Eviction::Fifo, Eviction::Lfu, Eviction::Lifo, Eviction::Random] {
        let store = limited(Bytes::new(), wide().eviction(eviction));
        conformance::run(|| Arc::new(store.clone()));
    }
}

#[test]
fn two_views_with_limits_of_their_own_keep_the_contract() {
    let store = Bytes::new();
    conformance::run(|| Arc::new(limited(store.clone(), wide())));
}

#[cfg(feature = "file")]
#[test]
fn limited_files_keep_the_contract() {
    use cacher_core::{backend::file::Files, testkit::TempDir};
    let dir = TempDir::new();
    conformance::run(|| Arc::new(limited(Files::new(dir.path()), wide())));
}

#[cfg(feature = "json_file")]
#[test]
fn a_limited_json_file_keeps_the_contract() {
    use cacher_core::{backend::json_file::JsonFile, testkit::TempDir};
    let dir = TempDir::new();
    conformance::run(|| Arc::new(limited(JsonFile::new(dir.path().join("cache.json")), wide())));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_limited_database_keeps_the_contract() {
    use cacher_core::{backend::sqlite::Sqlite, testkit::TempDir};
    let dir = TempDir::new();
    conformance::run(|| Arc::new(limited(Sqlite::open(dir.path().join("cache.db")).unwrap(), wide())));
}

#[cfg(feature = "lmdb")]
#[test]
fn limited_lmdb_keeps_the_contract() {
    use cacher_core::{backend::lmdb::Lmdb, testkit::TempDir};
    let dir = TempDir::new();
    let store = limited(Lmdb::open(dir.path()).unwrap(), wide());
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn cch_56_each_order_has_its_victim() {
    for (eviction, first, left) in [
        (Eviction::Lru, "", "bc"),
        (Eviction::Lru, "a", "ac"),
        (Eviction::Fifo, "", "bc"),
        (Eviction::Fifo, "a", "bc"),
        (Eviction::Lifo, "", "ac"),
        (Eviction::Lifo, "a", "ac"),
        (Eviction::Lfu, "a", "ac"),
        (Eviction::Lfu, "aabbb", "bc"),
    ] {
        let store = limited(Bytes::new(), Limits::new().entries(2).eviction(eviction));
        ["a", "b"].iter().for_each(|name| put(&store, name));
        assert_eq!(there(&store, first), first);
        put(&store, "c");
        assert_eq!((there(&store, "abc").as_str(), store.evictions()), (left, 1), "{eviction:?} after {first:?}");
    }
}

#[test]
fn cch_56_any_may_go_at_random_but_the_new_one() {
    let mut gone = [0; 2];
    for _ in 0..64 {
        let store = limited(Bytes::new(), Limits::new().entries(2).eviction(Eviction::Random));
        ["a", "b", "c"].iter().for_each(|name| put(&store, name));
        assert_eq!((get(&store, "c"), store.len(SPACE).unwrap()), (true, 2));
        gone[usize::from(get(&store, "a"))] += 1;
    }
    assert!(gone.iter().all(|times| *times > 8), "{gone:?}");
}

#[test]
fn cch_58_what_is_larger_than_the_limit_is_not_put_and_evicts_nothing() {
    let store = limited(Bytes::new(), Limits::new().bytes(10));
    ["a", "b"].iter().for_each(|name| store.put(&key(name), b"1234", None).unwrap());
    let refused = store.put(&key("a"), b"12345678901", None).unwrap_err();
    assert_eq!(refused.kind(), Kind::TooLarge);
    assert_eq!((there(&store, "ab").as_str(), store.evictions()), ("b", 0), "what was under the key is gone");
    store.put(&key("c"), b"123456", None).unwrap();
    assert_eq!((there(&store, "bc").as_str(), store.evictions()), ("bc", 0));
    store.put(&key("d"), b"1234567890", None).unwrap();
    assert_eq!((there(&store, "bcd").as_str(), store.evictions()), ("d", 2));
}

#[test]
fn what_was_there_before_goes_oldest_first() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Bytes::new();
    ["a", "b", "c", "d"].iter().for_each(|name| put(&inner, name));
    let store = limited(inner, Limits::new().entries(3));
    assert!(get(&store, "a"), "got before the namespace was walked through");
    put(&store, "e");
    assert_eq!((there(&store, "ae").as_str(), store.len(SPACE).unwrap()), ("ae", 3));
}

#[cfg(feature = "file")]
#[test]
fn files_of_an_earlier_process_go_by_their_time() {
    use cacher_core::{backend::file::Files, testkit::TempDir};
    let dir = TempDir::new();
    let long = "x".repeat(300);
    let files = Files::new(dir.path());
    for (name, age) in [("young", 10), (long.as_str(), 30), ("old", 50)] {
        let entry = entry_of(&key(name));
        files.put(&key(name), &entry, None).unwrap();
        let shown = files.shown(&key(name)).into_owned();
        let mut path = None;
        walk(dir.path(), &mut |file| {
            if std::fs::read(file).unwrap() == entry && path.is_none() {
                path = Some(file.to_owned());
            }
        });
        let file = std::fs::File::options().write(true).open(path.unwrap()).unwrap();
        file.set_modified(SystemTime::now() - age * MINUTE).unwrap();
        assert!(files.get(&shown).unwrap().is_some());
    }
    let store = limited(files.clone(), Limits::new().entries(2));
    store.put(&key("new"), &entry_of(&key("new")), None).unwrap();
    let left = ["young", &long, "old", "new"].map(|name| store.get(&key(name)).unwrap().is_some());
    assert_eq!(left, [true, false, false, true]);
    let aged = limited(files, Limits::new().age(5 * MINUTE));
    aged.sweep(SPACE, SystemTime::now()).unwrap();
    assert_eq!(["young", "new"].map(|name| aged.get(&key(name)).unwrap().is_some()), [false, true]);
}

#[cfg(feature = "file")]
fn walk(dir: &std::path::Path, visit: &mut dyn FnMut(&std::path::Path)) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, visit) } else { visit(&path) }
    }
}

/// An entry as a cache seals it.
#[cfg(feature = "file")]
fn entry_of(key: &Key) -> Vec<u8> {
    use cacher_core::{
        entry::{Stamp, Times},
        envelope::{Content, Identity, seal},
    };
    let now = Stamp::from(SystemTime::now());
    let times = Times {
        load_began: now,
        created: now,
        fresh_until: Stamp::NEVER,
        keep_until: Stamp::NEVER,
        load_time: Duration::ZERO,
    };
    let identity = Identity { namespace: &key.namespace, key: key.name.as_bytes() };
    seal(key.format, &identity, &times, &Content { value: b"1", arguments: None, tags: &[] })
}

#[test]
fn what_others_remove_leaves_room_and_what_they_put_is_met() {
    let inner = Bytes::new();
    let store = limited(inner.clone(), Limits::new().entries(2));
    ["a", "b"].iter().for_each(|name| put(&store, name));
    inner.remove(&key("a")).unwrap();
    assert!(!get(&store, "a"));
    put(&store, "c");
    assert_eq!((there(&store, "bc").as_str(), store.evictions()), ("bc", 0));
    put(&inner, "d");
    assert!(get(&store, "d"));
    put(&store, "e");
    assert_eq!((store.len(SPACE).unwrap(), there(&store, "de").as_str()), (2, "de"));
}

#[test]
fn a_sweep_finds_what_others_put() {
    let inner = Bytes::new();
    let store = limited(inner.clone(), Limits::new().entries(2));
    put(&store, "a");
    ["b", "c", "d"].iter().for_each(|name| put(&inner, name));
    assert_eq!(store.sweep(SPACE, SystemTime::now()).unwrap(), 0);
    assert_eq!((store.len(SPACE).unwrap(), store.evictions()), (2, 2));
}

#[test]
fn namespaces_have_limits_of_their_own() {
    let store = limited(Bytes::new(), Limits::new().entries(1));
    let other = Key { namespace: "app::other".into(), ..key("a") };
    put(&store, "a");
    store.put(&other, b"1", None).unwrap();
    assert!(get(&store, "a") && store.get(&other).unwrap().is_some());
}

#[test]
fn nothing_is_put_while_the_store_refuses_to_make_room() {
    let inner = Watched::new();
    let store = limited(inner.clone(), Limits::new().entries(2));
    ["a", "b"].iter().for_each(|name| put(&store, name));
    inner.refuse_removals(true);
    assert!(store.put(&key("c"), b"c", None).is_err());
    assert_eq!(there(&store, "abc"), "ab");
    inner.refuse_removals(false);
    put(&store, "c");
    assert_eq!(there(&store, "abc").len(), 2);
}

#[test]
fn a_put_that_fails_takes_no_room() {
    let inner = Watched::new();
    let store = limited(inner.clone(), Limits::new().entries(2).bytes(100));
    put(&store, "a");
    inner.refuse_puts(true);
    assert!(store.put(&key("b"), b"b", None).is_err());
    assert!(store.put(&key("a"), &[0; 99], None).is_err());
    inner.refuse_puts(false);
    put(&store, "c");
    assert_eq!((there(&store, "abc").as_str(), store.evictions()), ("ac", 0));
}

#[test]
fn many_are_put_at_once_where_there_is_room_and_one_by_one_else() {
    let inner = Watched::new();
    let store = limited(inner.clone(), Limits::new().entries(3));
    let puts = |names: &[&str]| {
        let put = |name: &&str| Put { key: key(name), entry: name.as_bytes().into(), expires: None };
        store.put_many(&names.iter().map(put).collect::<Vec<_>>())
    };
    puts(&["a", "b"]).unwrap();
    assert_eq!(inner.log(), ["put_many a b"]);
    puts(&["c", "d", "c"]).unwrap();
    assert_eq!(inner.log()[1..], ["remove a", "put_many c d c"]);
    puts(&["e", "f", "g", "h"]).unwrap();
    assert_eq!((there(&store, "abcdefgh").as_str(), store.len(SPACE).unwrap()), ("fgh", 3));
}

#[test]
fn put_if_absent_keeps_the_limit() {
    let inner = Bytes::new();
    let store = limited(inner.clone(), Limits::new().entries(2));
    let put_if_absent = |name: &str| store.put_if_absent(&key(name), name.as_bytes(), None).unwrap();
    assert_eq!(["a", "b", "c", "c"].map(put_if_absent), [true, true, true, false]);
    assert_eq!(there(&store, "abc"), "bc");
    put(&inner, "d");
    assert!(!put_if_absent("d"));
    assert_eq!(there(&store, "bcd"), "cd");
}

#[test]
fn threads_never_have_more_than_the_limit_in_the_store() {
    let inner = Bytes::new();
    let store = limited(inner.clone(), Limits::new().entries(5).bytes(20));
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (store, inner) = (&store, &inner);
            scope.spawn(move || {
                for at in 0..500_u64 {
                    let name = format!("{}", (thread * 7 + at * 13) % 40);
                    let size = usize::try_from(at % 4 + 3).unwrap();
                    store.put(&key(&format!("{thread}-{name}")), &vec![0; size], None).unwrap();
                    assert!(inner.len(SPACE).unwrap() <= 5);
                    if at % 5 == 0 {
                        store.remove(&key(&format!("{}-{name}", (thread + 1) % 4))).unwrap();
                    }
                }
            });
        }
    });
    let mut bytes = 0;
    inner
        .scan(SPACE, &mut |scanned| {
            bytes += scanned.size();
            true
        })
        .unwrap();
    assert!(bytes <= 20 && inner.len(SPACE).unwrap() > 0, "{bytes}");
}

#[test]
fn limits_that_keep_nothing_are_refused() {
    for limits in [
        Limits::new().entries(0),
        Limits::new().bytes(0),
        Limits::new().age(Duration::ZERO),
        Limits::new().frequency(0, MINUTE),
        Limits::new().eviction(Eviction::Lru),
    ] {
        assert_eq!(Limited::new(Bytes::new(), limits).unwrap_err().kind(), Kind::Invalid, "{limits:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_too_large_lets_a_quarter_go_at_a_time() {
    let inner = Bytes::new();
    (0..8).for_each(|at| put(&inner, &at.to_string()));
    // No process is as small as that.
    let store = limited(inner, Limits::new().process_memory(1));
    put(&store, "a");
    assert_eq!((get(&store, "a"), store.len(SPACE).unwrap(), store.evictions()), (true, 7, 2));
    let roomy = limited(Bytes::new(), Limits::new().process_memory(u64::MAX));
    (0..9).for_each(|at| put(&roomy, &at.to_string()));
    assert_eq!((roomy.len(SPACE).unwrap(), roomy.evictions()), (9, 0));
}
