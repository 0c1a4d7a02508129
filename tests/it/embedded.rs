//! Functions whose values are in the stores of this machine, named by URLs.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{
    Kind,
    backend::{Backend, bytes::Bytes},
    cache, register,
    testing::ManualClock,
};

use crate::{common::faults, support::runs};

#[test]
fn cty_23_a_function_with_null_runs_each_time() {
    runs!(RUNS);
    #[cache(backend = "null://")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 2));
    assert_eq!(square::entry(3).peek(), None);
    assert_eq!((square::cache().len(), square::cache().stats().store_errors), (0, 0));
}

#[test]
fn bytes_in_memory_ask_for_no_clone_that_costs() {
    #[cache(backend = "memory://?format=json")]
    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(ToOwned::to_owned).collect()
    }
    assert_eq!((words("a b"), words("a b")), (words::uncached("a b"), words::uncached("a b")));
    let stats = words::cache().stats();
    assert_eq!((stats.hits, stats.misses, words::cache().len()), (1, 1, 1));
}

#[test]
fn a_registered_backend_is_found_when_it_is_there_and_may_be_pointed_elsewhere() {
    runs!(RUNS);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = registered("embedded"), name = "registered")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let faults = faults("registered");
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 2));
    let texts: Vec<_> = faults().iter().map(|fault| fault.error.to_string()).collect();
    assert!(texts.len() >= 2 && texts.iter().all(|text| text.contains("registered as `embedded`")), "{texts:?}");
    let stores = [Bytes::new(), Bytes::new()];
    register("embedded", stores[0].clone()).unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 3));
    register("embedded", stores[1].clone()).unwrap();
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 4));
    assert_eq!(stores.map(|store| store.len("registered").unwrap()), [1, 1]);
}

#[test]
fn a_url_that_is_wrong_at_run_time_is_reported_and_the_function_runs() {
    static URL: Mutex<&str> = Mutex::new("");
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    fn url() -> String {
        (*URL.lock().unwrap()).to_owned()
    }
    #[cache(backend = url(), name = "wrong-url")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let faults = faults("wrong-url");
    for (url, part) in [
        ("null://?a=b", "it has none"),
        ("memory://?format=json&durability=power", "there are: format"),
        ("gopher://h", "memory, file, json, sqlite, lmdb, redis, memcached, postgres, mysql, mongodb, null"),
        #[cfg(feature = "sqlite")]
        ("sqlite://x.db?tabel=posts", "table, format, durability"),
        #[cfg(not(feature = "sqlite"))]
        ("sqlite://x.db", "the feature `sqlite`"),
        #[cfg(feature = "lmdb")]
        ("lmdb://x?size=1", "format, durability"),
        #[cfg(not(feature = "lmdb"))]
        ("lmdb://x", "the feature `lmdb`"),
        #[cfg(feature = "json_file")]
        ("json://x?format=json", "durability"),
        #[cfg(not(feature = "json_file"))]
        ("json://x", "the feature `json_file`"),
    ] {
        *URL.lock().unwrap() = url;
        clock.advance(Duration::from_secs(60));
        let before = (RUNS.load(SeqCst), faults().len());
        assert_eq!((square(3), RUNS.load(SeqCst)), (9, before.0 + 1));
        let told = faults().split_off(before.1);
        let ours =
            told.iter().any(|fault| fault.error.kind() == Kind::Invalid && fault.error.to_string().contains(part));
        assert!(ours, "{url}: {told:?}");
    }
}

/// Nothing can be made below a file.
#[cfg(all(unix, feature = "json_file", feature = "sqlite", feature = "lmdb"))]
#[test]
fn a_store_that_cannot_be_opened_is_never_the_callers_fault() {
    macro_rules! check {
        ($name:ident, $url:literal) => {
            #[cache(backend = $url)]
            fn $name(n: u64) -> u64 {
                n * n
            }
            assert_eq!(($name(3), $name(3)), (9, 9));
            assert!($name::cache().stats().store_errors >= 2);
        };
    }
    check!(json_file, "json:///dev/null/cache.json");
    check!(sqlite, "sqlite:///dev/null/cache.db?table=posts");
    check!(lmdb, "lmdb:///dev/null/cache?durability=power");
}

#[cfg(all(feature = "json_file", feature = "sqlite", feature = "lmdb"))]
mod lasting {
    use std::time::Duration;

    use cacher::testing::TempDir;

    use crate::processes::{Source, now, runs_of, start_on};

    fn urls(dir: &TempDir) -> [String; 4] {
        ["file://{}", "json://{}/cache.json", "sqlite://{}/cache.db?table=posts", "lmdb://{}/lmdb?format=json"]
            .map(|url| url.replace("{}", &dir.path().display().to_string()))
    }

    #[test]
    fn cch_43_an_entry_of_an_earlier_process_expires_by_its_own_time() {
        let dir = TempDir::new();
        for url in urls(&dir) {
            let start = now();
            let runs = |after: u64| runs_of(start_on(Source::Hour, &url, start + Duration::from_secs(after), 3));
            assert_eq!([runs(0), runs(1800), runs(3700)], [3, 0, 3], "{url}");
        }
    }

    #[test]
    fn processes_share_what_they_load() {
        let dir = TempDir::new();
        for url in urls(&dir) {
            let children: Vec<_> = (0..4).map(|_| start_on(Source::Hour, &url, now(), 20)).collect();
            let runs: Vec<_> = children.into_iter().map(runs_of).collect();
            assert!(runs.iter().sum::<u64>() >= 20, "{url}: {runs:?}");
            assert_eq!(runs_of(start_on(Source::Hour, &url, now(), 20)), 0, "{url}");
        }
    }
}
