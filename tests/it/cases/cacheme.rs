//! Cases of the Python library Cacheme.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Weak},
    thread,
};

use serde::{Deserialize, Serialize};

use super::prelude::*;
use crate::support::{until, until_async};

/// What the cases call a node: the identity of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Foo {
    user_id: String,
    id: String,
    level: u64,
}

impl Foo {
    fn new(user_id: &str) -> Self {
        Self { user_id: user_id.to_owned(), id: "1".to_owned(), level: 10 }
    }

    fn text(&self) -> String {
        format!("{}-{}-{}", self.user_id, self.id, self.level)
    }
}

on_every_backend! {
    cme_01_a_second_get_loads_nothing:
    #[cache()]
    fn get(node: &Foo) -> String { node.text() }
    {
        assert_eq!((get(&Foo::new("a")), get(&Foo::new("a"))), ("a-1-10".into(), "a-1-10".into()));
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

on_every_backend! {
    cme_02_the_load_can_be_given_with_the_call:
    #[cache(companions = false, ignore = [load])]
    fn get(node: &Foo, load: impl Fn(&Foo) -> String) -> String { load(node) }
    {
        let given = |node: &Foo| node.text() + "-o";
        assert_eq!(get(&Foo::new("a"), given), "a-1-10-o");
        assert_eq!(get(&Foo::new("a"), |_| unreachable!("it is cached")), "a-1-10-o");
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

on_every_backend! {
    cme_04_a_memoised_function:
    #[cache(ignore = [c])]
    fn join(a: u64, b: &str, c: &str) -> String { format!("{a}/{b}/{c}") }
    {
        assert_eq!((join(1, "2", "apple"), join(1, "2", "apple")), ("1/2/apple".into(), "1/2/apple".into()));
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

#[test]
fn cme_05_a_memoised_method() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    struct Joiner;
    impl Joiner {
        #[cache(ignore = [self, c])]
        pub(crate) fn join(&self, a: u64, b: &str, c: &str) -> String {
            RUNS.fetch_add(1, SeqCst);
            format!("{a}/{b}/{c}")
        }
    }
    assert_eq!((Joiner.join(1, "2", "apple"), Joiner.join(1, "2", "pear")), ("1/2/apple".into(), "1/2/apple".into()));
    assert_eq!(RUNS.load(SeqCst), 1);
}

on_every_backend! {
    cme_07_two_hundred_threads_share_one_load:
    #[cache()]
    fn get(node: &Foo) -> String {
        until(|| RUNS.load(SeqCst) > 1 || get::cache().stats().waits == 199);
        node.text()
    }
    {
        thread::scope(|scope| {
            let callers: Vec<_> = (0..200).map(|_| scope.spawn(|| get(&Foo::new("a")))).collect();
            assert!(callers.into_iter().all(|caller| caller.join().unwrap() == "a-1-10"));
        });
        assert_eq!(RUNS.load(SeqCst), 1);
        // Nothing is in flight any more: who comes now does not wait.
        get::entry(&Foo::new("a")).invalidate();
        assert_eq!(get(&Foo::new("a")), "a-1-10");
        assert_eq!((RUNS.load(SeqCst), get::cache().stats().waits), (2, 199));
    }
}

on_every_backend! {
    cme_07_two_hundred_tasks_share_one_load:
    #[cache()]
    async fn get(node: Foo) -> String {
        until_async(|| RUNS.load(SeqCst) > 1 || get::cache().stats().waits == 199).await;
        node.text()
    }
    {
        let callers: Vec<_> = (0..200).map(|_| tokio::spawn(get(Foo::new("a")))).collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), "a-1-10");
        }
        assert_eq!(RUNS.load(SeqCst), 1);
        get::entry(Foo::new("a")).invalidate().await;
        assert_eq!(get(Foo::new("a")).await, "a-1-10");
        assert_eq!((RUNS.load(SeqCst), get::cache().stats().waits), (2, 199));
    }
}

on_every_backend! {
    cme_10_after_an_invalidation_the_next_get_loads:
    #[cache()]
    fn get(node: &Foo) -> String { node.text() }
    {
        let node = Foo::new("a");
        get(&node);
        assert_eq!(get::entry(&node).invalidate(), Removal::Removed);
        assert_eq!(RUNS.load(SeqCst), 1);
        get(&node);
        assert_eq!(RUNS.load(SeqCst), 2);
    }
}

on_every_backend! {
    cme_11_a_refresh_loads_and_the_next_get_does_not:
    #[cache()]
    fn get(node: &Foo) -> u64 { node.level + RUNS.load(SeqCst) }
    {
        let node = Foo::new("a");
        assert_eq!((get(&node), get::refresh(&node), get(&node)), (11, 12, 12));
        assert_eq!(RUNS.load(SeqCst), 2);
    }
}

on_every_backend! {
    /// For one key; a batch comes with batches.
    cme_25_a_load_that_fails_leaves_nothing_in_flight:
    #[cache()]
    fn get(id: u64) -> Result<u64, String> { if RUNS.load(SeqCst) == 1 { Err("down".into()) } else { Ok(id) } }
    {
        assert_eq!((get(3), get(3), get(3)), (Err("down".into()), Ok(3), Ok(3)));
        assert_eq!((RUNS.load(SeqCst), get::cache().stats().waits), (2, 0));
    }
}

on_every_backend! {
    cme_26_a_follower_takes_over_from_a_cancelled_leader:
    #[cache()]
    async fn get(id: u64) -> u64 {
        if RUNS.load(SeqCst) == 1 {
            std::future::pending::<()>().await;
        }
        id
    }
    {
        let leader = tokio::spawn(get(3));
        until_async(|| RUNS.load(SeqCst) == 1).await;
        let followers = [tokio::spawn(get(3)), tokio::spawn(get(3))];
        until_async(|| get::cache().stats().waits == 2).await;
        leader.abort();
        assert!(leader.await.unwrap_err().is_cancelled());
        for follower in followers {
            assert_eq!(follower.await.unwrap(), 3);
        }
        assert_eq!((RUNS.load(SeqCst), get::cache().stats().load_failures), (2, 1));
    }
}

on_every_backend! {
    cme_31_none_is_kept:
    #[cache()]
    fn get(node: &Foo) -> Option<String> { (node.level > 10).then(|| node.text()) }
    {
        assert_eq!((get(&Foo::new("a")), get(&Foo::new("a"))), (None, None));
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

#[test]
fn cme_32_functions_with_the_same_arguments_share_nothing() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = Files::new(DIR.get().unwrap()))]
    fn one(node: &Foo) -> String {
        node.text() + " of one"
    }
    #[cache(backend = Files::new(DIR.get().unwrap()))]
    fn two(node: &Foo) -> String {
        node.text() + " of two"
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    let node = Foo::new("a");
    for _ in 0..2 {
        assert_eq!((one(&node), two(&node)), ("a-1-10 of one".into(), "a-1-10 of two".into()));
    }
    assert_eq!((one::cache().stats().hits, two::cache().stats().hits), (1, 1));
    one::cache().clear();
    assert_eq!((one::entry(&node).peek(), two::entry(&node).peek()), (None, Some("a-1-10 of two".into())));
}

#[test]
fn cme_52_an_entry_goes_within_a_tick_of_its_expiry() {
    #[cache(ttl = "1m")]
    fn value() -> Arc<str> {
        "kept".into()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let kept: Weak<str> = Arc::downgrade(&value());
    clock.advance(Duration::from_millis(59_999));
    assert!(kept.upgrade().is_some());
    clock.advance(Duration::from_millis(251));
    assert!(kept.upgrade().is_none());
    assert_eq!((value::cache().stats().entries, value::cache().stats().expirations), (0, 1));
}

#[test]
fn cme_55_a_hundred_thousand_values_in_room_for_five_hundred() {
    #[cache(capacity = 500)]
    fn value(key: u64) -> u64 {
        key
    }
    let random = RandomState::new();
    let keys = (0..100_000_u64).map(|n| {
        let mut hasher = random.build_hasher();
        hasher.write_u64(n);
        hasher.finish() % 50_000
    });
    let mut seen = HashSet::new();
    for key in keys {
        value::entry(key).insert(key);
        seen.insert(key);
    }
    assert_eq!((value::cache().len(), value::cache().stats().entries), (500, 500));
    assert_eq!(seen.into_iter().filter(|key| value::entry(*key).peek() == Some(*key)).count(), 500);
}

#[test]
fn cme_56_entries_go_one_by_one_as_they_expire() {
    #[cache(ttl = Duration::from_secs(*seconds))]
    fn value(seconds: u64) -> u64 {
        seconds
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for n in 0..30 {
        value(n + 1);
        value(n + 100);
    }
    assert_eq!(value::cache().len(), 60);
    clock.advance(Duration::from_millis(250));
    let lengths: Vec<_> = (0..10)
        .map(|_| {
            clock.advance(Duration::from_secs(5));
            value::cache().len()
        })
        .collect();
    assert_eq!(lengths, [55, 50, 45, 40, 35, 30, 30, 30, 30, 30]);
    assert!((0..30).all(|n| value::entry(n + 100).peek().is_some()));
}

/// Fewer keys than in the case: the test runs unoptimised.
#[test]
fn cme_58_under_load_everything_expires() {
    #[cache(ttl = Duration::from_millis(5000 + *key % 5000), max_bytes = "1GiB")]
    fn value(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for key in 0..100_000 {
        value(key);
    }
    let mut length = value::cache().len();
    assert_eq!(length, 100_000);
    for _ in 0..42 {
        clock.advance(Duration::from_millis(250));
        let now = value::cache().len();
        assert!(now <= length);
        length = now;
    }
    let stats = value::cache().stats();
    assert_eq!((length, stats.entries, stats.bytes, stats.expirations), (0, 0, 0, 100_000));
}

/// No cache has a thread of its own: one timer and a few workers serve all of them.
#[test]
fn cme_59_a_cache_that_is_dropped_leaves_nothing() {
    #[derive(Default)]
    struct Holder {
        cache: cacher::Site,
    }
    impl Holder {
        #[cache(site = self.cache, ttl = "1h", name = "cme-59")]
        pub(crate) fn value(&self) -> Arc<str> {
            "kept".into()
        }
    }
    let count = || cacher::caches().iter().filter(|cache| cache.name() == "cme-59").count();
    for _ in 0..10 {
        let holder = Holder::default();
        let kept = Arc::downgrade(&holder.value());
        assert_eq!((count(), kept.strong_count()), (1, 1));
        drop(holder);
        assert_eq!((count(), kept.strong_count()), (0, 0));
    }
}

on_every_backend! {
    cme_62_an_async_body_that_fails_runs_again:
    #[cache(ttl = "1m")]
    async fn get(id: u64) -> Result<u64, String> {
        if RUNS.load(SeqCst) == 1 { Err("down".into()) } else { Ok(id) }
    }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(get(3).await, Err("down".into()));
        assert_eq!((get(3).await, get(3).await, RUNS.load(SeqCst)), (Ok(3), Ok(3), 2));
        clock.advance(Duration::from_secs(60));
        assert_eq!((get(3).await, RUNS.load(SeqCst)), (Ok(3), 3));
    }
}
