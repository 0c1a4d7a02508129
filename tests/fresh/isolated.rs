//! Caches that are isolated per test.

use std::{
    path::Path,
    sync::{
        Arc, Barrier, LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, SystemTime},
};

use cacher::{
    CallOptions, Error, Kind, Removal, Scope, Site, Stats,
    backend::{Backend, Key, bytes::Bytes},
    bypass, cache, caches, invalidate_tag, only_if_cached, read_only, refresh, registered,
    testing::{Isolation, ManualClock, TempDir, isolated},
    with,
};

use crate::{
    support::{block_on, ends, runs, until},
    tags::alone,
};

/// A function whose values count its runs.
macro_rules! counted {
    ($($argument:tt)*) => {
        runs!(RUNS);
        #[cache($($argument)*)]
        fn counted(key: u64) -> u64 {
            key * 100 + RUNS.fetch_add(1, SeqCst) + 1
        }
    };
}

fn counts(stats: Stats) -> (u64, u64, u64) {
    (stats.hits, stats.misses, stats.entries)
}

#[test]
fn begins_empty_and_leaves_nothing() {
    counted!();
    assert_eq!((counted(1), counted(1)), (101, 101));
    assert_eq!(isolated(|| (counted(1), counted(1), counted(2))), (102, 102, 203));
    assert_eq!(isolated(|| counted(1)), 104);
    assert_eq!((counted(1), counted(2)), (101, 205));
}

#[test]
fn threads_do_not_see_each_other() {
    counted!();
    static BOTH: Barrier = Barrier::new(2);
    let test = || {
        isolated(|| {
            let first = counted(1);
            BOTH.wait();
            let again = counted(1);
            BOTH.wait();
            assert_eq!(counted::entry(1).invalidate(), Removal::Removed);
            (first, again)
        })
    };
    let (one, other) = ends(move || {
        let thread = thread::spawn(test);
        (test(), thread.join().unwrap())
    });
    assert_eq!((one.0, other.0), (one.1, other.1));
    assert_eq!((one.0 + other.0, RUNS.load(SeqCst)), (101 + 102, 2));
    assert_eq!(counted::entry(1).peek(), None);
}

#[test]
fn companions_are_those_of_the_scope() {
    counted!();
    counted(1);
    let inside = isolated(|| {
        assert_eq!((counted::entry(1).peek(), counted::cache().len()), (None, 0));
        assert!(counted::entry(1).insert(7));
        assert_eq!((counted(1), counts(counted::cache().stats())), (7, (1, 0, 1)));
        let names: Vec<_> = caches().iter().map(|cache| cache.name().to_owned()).collect();
        assert_eq!(names, [counted::cache().name()]);
        let entry = counted::entry(1);
        assert_eq!((counted::cache().clear(), counted(1)), (Removal::Removed, 102));
        entry
    });
    assert_eq!((counted(1), counts(counted::cache().stats())), (101, (1, 1, 1)));
    // What was taken along stays what it was.
    assert_eq!((inside.peek(), inside.invalidate()), (Some(102), Removal::Removed));
    assert_eq!(counted(1), 101);
}

#[test]
fn one_comes_back_to_the_same_caches() {
    counted!();
    let (one, other) = (Isolation::new(), Isolation::new());
    assert_eq!((one.enter(|| counted(1)), other.enter(|| counted(1)), counted(1)), (101, 102, 103));
    assert_eq!((one.clone().enter(|| counted(1)), other.enter(|| counted(1)), counted(1)), (101, 102, 103));
    assert_eq!(one.enter(|| other.enter(|| counted(1))), 102);
    assert_eq!(block_on(one.wrap(async { counted(1) })), 101);
}

/// Says when it is dropped.
#[derive(Clone)]
struct Noted(#[expect(dead_code, reason = "dropped")] Arc<()>);

static HELD: LazyLock<Arc<()>> = LazyLock::new(Arc::default);

#[test]
fn what_is_cached_goes_with_the_scope() {
    #[cache]
    fn shared() -> Noted {
        Noted(Arc::clone(&HELD))
    }
    #[cache(thread_local)]
    fn local() -> Noted {
        Noted(Arc::clone(&HELD))
    }
    let held = || Arc::strong_count(&HELD);
    let before = held();
    isolated(|| {
        drop((shared(), local()));
        assert_eq!(held(), before + 2);
    });
    assert_eq!(held(), before);
}

#[test]
fn modes_inside_concern_isolated_caches_alone() {
    runs!(RUNS);
    #[cache]
    fn loaded(key: u64) -> Result<u64, Error> {
        Ok(RUNS.fetch_add(1, SeqCst) + 1)
    }
    loaded(1).unwrap();
    isolated(|| {
        assert_eq!(only_if_cached(|| loaded(1)).unwrap_err().kind(), Kind::NotCached);
        assert_eq!(bypass(|| loaded(1)).unwrap(), 2);
        assert_eq!(refresh(|| loaded(1)).unwrap(), 3);
        assert_eq!(only_if_cached(|| loaded(1)).unwrap(), 3);
    });
    assert_eq!(loaded(1).unwrap(), 1);
    // The mode outside holds inside.
    assert_eq!(only_if_cached(|| isolated(|| loaded(1))).unwrap_err().kind(), Kind::NotCached);
    assert_eq!(refresh(|| isolated(|| (loaded(1).unwrap(), loaded(1).unwrap()))), (4, 5));
    assert_eq!(loaded(1).unwrap(), 1);
}

#[test]
fn the_scope_is_carried_into_threads() {
    counted!();
    isolated(|| {
        let first = counted(1);
        let scope = Scope::current();
        let thread = thread::spawn(move || (counted(1), scope.enter(|| counted(1))));
        assert_eq!(thread.join().unwrap(), (102, first));
    });
}

#[tokio::test]
async fn futures_keep_their_caches_at_each_pause() {
    runs!(RUNS);
    #[cache]
    async fn outer(key: u64) -> u64 {
        tokio::task::yield_now().await;
        inner(key).await
    }
    #[cache]
    async fn inner(key: u64) -> u64 {
        tokio::task::yield_now().await;
        RUNS.fetch_add(1, SeqCst) + 1
    }
    assert_eq!(outer(1).await, 1);
    let test = || async { (outer(1).await, inner(1).await, outer::entry(1).peek().await) };
    let (one, other) = tokio::join!(isolated(test()), isolated(test()));
    assert_eq!((one, other), ((2, 2, Some(2)), (3, 3, Some(3))));
    assert_eq!((outer(1).await, inner(1).await, RUNS.load(SeqCst)), (1, 1, 3));
    isolated(async {
        let first = outer(1).await;
        let scope = Scope::current();
        let task = tokio::spawn(scope.wrap(async { (outer(1).await, inner(1).await) }));
        assert_eq!(task.await.unwrap(), (first, first));
    })
    .await;
}

#[test]
fn generic_functions_and_their_handles() {
    runs!(RUNS);
    #[cache]
    fn named<T: Default + std::fmt::Debug>(key: u64) -> String {
        format!("{:?} {key} {}", T::default(), RUNS.fetch_add(1, SeqCst) + 1)
    }
    assert_eq!((named::<u8>(1), named::<bool>(1)), ("0 1 1".to_owned(), "false 1 2".to_owned()));
    isolated(|| {
        assert_eq!(named::cache().stats().entries, 0);
        assert_eq!((named::<u8>(1), named::<bool>(1), named::<u8>(1)).2, "0 1 3");
        assert_eq!((named::cache().stats().entries, named::cache().clear()), (2, Removal::Removed));
        assert_eq!(named::<bool>(1), "false 1 5");
    });
    assert_eq!((named::<u8>(1), named::cache().stats().entries), ("0 1 1".to_owned(), 2));
}

#[derive(Default)]
struct Client {
    base: u64,
    runs: AtomicU64,
    site: Site,
}

impl Client {
    #[cache(site = self.site, companions)]
    fn fetch(&self, key: u64) -> u64 {
        self.base + key * 100 + self.runs.fetch_add(1, SeqCst) + 1
    }
}

#[test]
fn instances_keep_theirs_apart() {
    let client = |base| Client { base, ..Client::default() };
    let (one, other) = (client(1000), client(2000));
    assert_eq!(one.fetch(1), 1101);
    let isolation = Isolation::new();
    isolation.enter(|| {
        assert_eq!((one.fetch(1), one.fetch(1), other.fetch(1)), (1102, 1102, 2101));
        assert_eq!((one.fetch_cache().stats().entries, one.fetch_entry(1).peek()), (1, Some(1102)));
    });
    assert_eq!(one.fetch(1), 1101);
    // Another instance in the same place is another one all the same.
    let mut place = Box::new(client(3000));
    assert_eq!(isolation.enter(|| place.fetch(1)), 3101);
    *place = client(4000);
    assert_eq!((isolation.enter(|| place.fetch(1)), place.fetch(1)), (4101, 4102));
}

#[test]
fn caches_of_threads() {
    runs!(RUNS);
    #[cache(thread_local)]
    fn counted(key: u64) -> u64 {
        key * 100 + RUNS.fetch_add(1, SeqCst) + 1
    }
    assert_eq!(counted(1), 101);
    let isolation = Isolation::new();
    assert_eq!(isolation.enter(|| (counted(1), counted(1))), (102, 102));
    assert_eq!(isolated(|| counted(1)), 103);
    isolation.enter(|| {
        assert_eq!((counted(1), counts(counted::cache().stats())), (102, (2, 1, 1)));
        counted::cache().clear();
        assert_eq!(counted(1), 104);
    });
    let there = isolation.clone();
    assert_eq!(thread::spawn(move || there.enter(|| counted(1))).join().unwrap(), 105);
    assert_eq!((counted(1), counts(counted::cache().stats())), (101, (1, 1, 1)));
}

#[test]
fn batches() {
    runs!(RUNS);
    #[cache(batch = keys)]
    fn many(keys: &[u64]) -> Vec<u64> {
        RUNS.fetch_add(keys.len() as u64, SeqCst);
        keys.iter().map(|key| key * 10).collect()
    }
    assert_eq!((many(&[1, 2]), RUNS.load(SeqCst)), (vec![10, 20], 2));
    isolated(|| {
        assert_eq!((many(&[2, 3]), RUNS.load(SeqCst)), (vec![20, 30], 4));
        assert_eq!((many(&[2, 3, 4]), RUNS.load(SeqCst)), (vec![20, 30, 40], 5));
        assert_eq!(many::cache().stats().entries, 3);
    });
    assert_eq!((many(&[1, 2, 3]), RUNS.load(SeqCst), many::cache().stats().entries), (vec![10, 20, 30], 6, 3));
}

#[test]
fn tags_of_isolations_are_their_own() {
    let _alone = alone();
    runs!(RUNS);
    #[cache(tags = ["isolated:{key}"])]
    fn counted(key: u64) -> u64 {
        key * 100 + RUNS.fetch_add(1, SeqCst) + 1
    }
    runs!(STORED);
    #[cache(backend = "memory://?format=json", tags = |value: &u64| format!("isolated:{}", value % 10))]
    fn stored(key: u64) -> u64 {
        key + STORED.fetch_add(10, SeqCst)
    }
    let calls = || (counted(1), stored(1));
    let isolation = Isolation::new();
    assert_eq!((calls(), isolation.enter(calls)), ((101, 1), (102, 11)));
    assert_eq!(isolation.enter(|| invalidate_tag("isolated:1")), Removal::Removed);
    assert_eq!((calls(), isolation.enter(calls)), ((101, 1), (103, 21)));
    assert_eq!(isolated(|| invalidate_tag("isolated:1")), Removal::Absent);
    assert_eq!(invalidate_tag("isolated:1"), Removal::Removed);
    assert_eq!((isolation.enter(calls), calls()), ((103, 21), (104, 31)));
}

fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}

#[test]
fn no_store_is_reached() {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    static EXPRESSION: LazyLock<String> = LazyLock::new(|| format!("file://{}", DIR.path().join("a").display()));
    counted!(backend = ["memory://?capacity=1", EXPRESSION.as_str()], ttl = "1h");
    isolated(|| {
        assert_eq!((counted(1), counted(2), counted(1), counted(2)), (101, 202, 101, 202));
        assert_eq!(counted::cache().len(), 2);
    });
    assert_eq!(files(DIR.path()), 0);
    assert_eq!(counted(1), 103);
    assert_eq!(files(DIR.path()), 1);
    assert_eq!(isolated(|| counted(1)), 104);
}

/// A store that fails a test that reaches it.
struct Untouched;

impl Backend for Untouched {
    fn describe(&self) -> String {
        "untouched".into()
    }

    fn get(&self, key: &Key) -> cacher::error::Result<Option<Vec<u8>>> {
        panic!("{key:?} is asked for")
    }

    fn put(&self, key: &Key, _entry: &[u8], _expires: Option<SystemTime>) -> cacher::error::Result<()> {
        panic!("{key:?} is put")
    }

    fn remove(&self, key: &Key) -> cacher::error::Result<bool> {
        panic!("{key:?} is removed")
    }
}

#[test]
fn every_backend_has_a_stand_in() {
    macro_rules! holds {
        ($($argument:tt)*) => {{
            counted!($($argument)*);
            isolated(|| {
                assert_eq!((counted(1), counted(1)), (101, 101), stringify!($($argument)*));
                let stats = counted::cache().stats();
                assert_eq!((counts(stats), stats.store_errors), ((1, 1, 0), 0), stringify!($($argument)*));
                assert_eq!(counted::cache().len(), 1, stringify!($($argument)*));
            });
        }};
    }
    holds!(backend = Untouched);
    holds!(backend = Untouched, format = "json");
    holds!(backend = registered("nobody has this name")?);
    holds!(backend = Err::<&str, _>("the server is down"));
    holds!(backend = String::from("redis://nowhere.invalid/7?format=json"), single_flight = distributed);
    holds!(backend = String::from("file:///nowhere"), format = "json+bare");
    holds!(backend = "file:///nowhere", single);
    holds!(backend = "file:///nowhere", archive, ttl = "1h");
    holds!(backend = "file:///nowhere", capacity = 5);
}

#[test]
fn what_is_wrong_with_a_backend_stays_wrong() {
    counted!(backend = String::from("nothing://"));
    isolated(|| {
        assert_eq!((counted(1), counted(1)), (101, 102));
        assert!(counted::cache().stats().store_errors > 0);
    });
}

#[test]
fn a_store_that_keeps_nothing_keeps_nothing() {
    counted!(backend = "null://");
    assert_eq!(isolated(|| (counted(1), counted(1))), (101, 102));
}

#[test]
fn ttls_go_by_the_clock_in_force() {
    counted!(backend = "file:///nowhere?ttl=30s", ttl = "1h");
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    isolated(|| {
        assert_eq!((counted(1), counted(1)), (101, 101));
        clock.advance(Duration::from_secs(31));
        assert_eq!(counted(1), 102);
    });
}

#[test]
fn what_goes_on_behind_a_caller_is_inside() {
    runs!(OUTER);
    counted!();
    #[cache(ttl = "10s", stale_while_revalidate = "1h", refresh = background, prefetch)]
    fn outer(key: u64) -> (u64, u64) {
        let inner = counted(key);
        (OUTER.fetch_add(1, SeqCst) + 1, inner)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    isolated(|| {
        // Used first here, where the clock is in force.
        assert_eq!((outer::entry(1).peek(), counted::entry(1).peek()), (None, None));
        outer::prefetch(1);
        until(|| outer::entry(1).contains());
        assert_eq!((outer(1), counted(1)), ((1, 101), 101));
        clock.advance(Duration::from_secs(11));
        assert_eq!(outer(1), (1, 101));
        until(|| outer(1) == (2, 101));
    });
    assert_eq!((outer::entry(1).peek(), counted::entry(1).peek()), (None, None));
}

#[test]
fn a_panic_ends_the_scope() {
    counted!();
    let first = counted(1);
    let panicked = std::panic::catch_unwind(|| isolated(|| panic!("on purpose {}", counted(1))));
    assert!(panicked.is_err());
    assert_eq!(counted(1), first);
}

#[test]
fn a_cache_without_a_function_is_the_same_inside() {
    let cache = cacher::Cache::<u64, u64>::builder().build().unwrap();
    cache.set(&1, 10);
    isolated(|| {
        assert_eq!(cache.get_or_load(&1, || 11), 10);
        assert_eq!(cache.get_or_load(&2, || 20), 20);
        assert_eq!(refresh(|| cache.get_or_load(&1, || 12)), 12);
        assert_eq!(read_only(|| cache.get_or_load(&3, || 30)), 30);
    });
    assert_eq!((cache.get(&1), cache.get(&2), cache.get(&3)), (Some(12), Some(20), None));
}

#[test]
fn tags_given_to_calls_are_those_of_the_scope() {
    counted!();
    let _alone = alone();
    let options = CallOptions::new().tags(["isolated_options"]);
    let call = || with(&options, || counted(1));
    assert_eq!((call(), call()), (101, 101));
    isolated(|| {
        assert_eq!((call(), call()), (102, 102));
        invalidate_tag("isolated_options");
        assert_eq!((call(), call()), (103, 103));
        counted::entry(1).with(&options).insert(7);
        invalidate_tag("isolated_options");
        assert_eq!(counted::entry(1).peek(), None);
    });
    assert_eq!(call(), 101);
}

#[test]
fn a_tag_that_a_store_named_first_is_of_the_scope_too() {
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    counted!(backend = ["memory://", STORE.clone()], name = "isolated::named_by_a_store");
    let _alone = alone();
    // Memory has the tag by what the store calls it when its name is said again.
    with(CallOptions::new().tags(["isolated::by_id"]).skip_memory(), || counted(1));
    counted(1);
    let options = CallOptions::new().tags(["isolated::by_id"]);
    isolated(|| {
        let call = || with(&options, || counted(2));
        let first = call();
        assert_eq!(call(), first);
        invalidate_tag("isolated::by_id");
        assert_ne!(call(), first);
    });
}

#[test]
fn the_cache_of_a_thread_that_is_cleared_had_something() {
    counted!(thread_local);
    counted(1);
    assert_eq!((counted::cache().clear(), counted::cache().clear()), (Removal::Removed, Removal::Absent));
}
