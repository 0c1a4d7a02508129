//! Stores that keep no more than they may, as the attribute says it.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use cacher::{
    backend::{
        Backend,
        bytes::Bytes,
        limited::{Eviction, Limited, Limits},
        logged::{Logged, Outcome, Record},
    },
    cache,
    testing::TempDir,
};

use crate::{common::faults, support::runs};

/// A function with such arguments, of which two entries may be kept, and which of the entries of `a`, `b`, `c` are left
/// after these calls.
macro_rules! left {
    ([$($arguments:tt)*], $calls:expr) => {{
        #[cache($($arguments)*)]
        fn echo(word: char) -> char {
            word
        }
        for word in $calls.chars() {
            assert_eq!(echo(word), word);
        }
        let there = "abc".chars().filter(|word| echo::entry(*word).contains()).collect::<String>();
        (there, echo::cache().stats().evictions, echo::cache().len())
    }};
}

fn kept(names: &str) -> (String, u64, u64) {
    (names.to_owned(), 1, 2)
}

#[test]
fn cch_56_bytes_in_memory_go_in_the_order_that_is_said() {
    let url = left!([backend = "memory://?format=msgpack&capacity=2&eviction=lfu"], "abaac");
    assert_eq!(url, kept("ac"));
    assert_eq!(left!([backend = "memory://?format=msgpack", capacity = 2], "abac"), kept("ac"));
    assert_eq!(left!([backend = "memory://?format=msgpack", capacity = 2, eviction = lru], "abac"), kept("ac"));
    assert_eq!(left!([backend = "memory://?format=msgpack", capacity = 2, eviction = fifo], "abac"), kept("bc"));
    assert_eq!(left!([backend = "memory://?format=msgpack", capacity = 2, eviction = lfu], "abbac"), kept("ac"));
    assert_eq!(left!([backend = "memory://?format=msgpack", capacity = 2, eviction = lifo], "abac"), kept("ac"));
    let (there, evictions, len) = left!([backend = "memory://?format=msgpack", capacity = 2, eviction = random], "abc");
    assert!(there.ends_with('c') && (evictions, len) == (1, 2), "{there}");
}

#[test]
fn cch_56_stores_on_disk_make_room() {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    let at = |place: &str| DIR.path().join(place).display().to_string();
    let files = left!([backend = cacher::backend::file::Files::new(DIR.path().join("files")), capacity = 2], "abac");
    assert_eq!(files, kept("ac"));
    let by_url = left!([backend = format!("file://{}?capacity=2&eviction=fifo", DIR.path().display())], "abac");
    assert_eq!(by_url, kept("bc"));
    #[cfg(feature = "sqlite")]
    {
        use cacher::backend::sqlite::Sqlite;
        let sqlite = left!([backend = Sqlite::open(DIR.path().join("cache.db")), capacity = 2, eviction = lifo], "abc");
        assert_eq!(sqlite, kept("ac"));
    }
    assert!(std::path::Path::new(&at("files")).is_dir());
}

#[test]
fn cch_58_a_value_too_large_for_its_store_is_returned_counted_and_not_kept() {
    runs!(RUNS);
    #[cache(backend = "memory://?format=msgpack", max_bytes = "1KiB", capacity = 100, name = "cch-58")]
    fn repeat(times: usize) -> String {
        RUNS.fetch_add(1, SeqCst);
        "x".repeat(times)
    }
    let faults = faults("cch-58");
    assert_eq!((repeat(1).len(), repeat(2000).len(), repeat(2000).len(), repeat(1).len()), (1, 2000, 2000, 1));
    let stats = repeat::cache().stats();
    assert_eq!((RUNS.load(SeqCst), stats.refusals, stats.evictions, stats.store_errors), (3, 2, 0, 0));
    assert!(faults().is_empty());
}

#[test]
fn cch_58_the_same_where_writes_wait() {
    #[cache(backend = "memory://?format=msgpack&max_bytes=1KiB", write = background)]
    fn repeat(times: usize) -> String {
        "x".repeat(times)
    }
    assert_eq!((repeat(1).len(), repeat(2000).len()), (1, 2000));
    // Asks the store itself.
    assert_eq!(repeat::cache().len(), 1);
    let stats = repeat::cache().stats();
    assert_eq!((stats.refusals, stats.store_errors), (1, 0));
}

#[test]
fn the_words_of_the_attribute_are_of_the_first_backend() {
    static LOWER: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    static UPPER: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    #[cache(backend = [UPPER.clone(), LOWER.clone()], capacity = 2, name = "first-backend")]
    fn echo(n: u64) -> u64 {
        n
    }
    (0..5).for_each(|n| assert_eq!(echo(n), n));
    let len = |store: &Bytes| store.len("first-backend").unwrap();
    assert_eq!((len(&UPPER), len(&LOWER), echo::cache().stats().evictions), (2, 5, 3));
    #[cache(backend = ["memory://", "memory://?format=msgpack&capacity=3"], capacity = 2)]
    fn memory_first(n: u64) -> u64 {
        n
    }
    (0..5).for_each(|n| assert_eq!(memory_first(n), n));
    let cache = memory_first::cache();
    assert_eq!((cache.stats().entries, cache.len()), (2, 3));
}

#[test]
fn limits_of_typed_memory_that_an_expression_makes_are_reported() {
    let faults = faults("limits-of-memory");
    #[cache(backend = String::from("memory://"), capacity = 2, eviction = fifo, name = "limits-of-memory")]
    fn echo(n: u64) -> u64 {
        n
    }
    (0..5).for_each(|n| assert_eq!(echo(n), n));
    assert_eq!(echo::cache().stats().entries, 2);
    assert!(matches!(&faults()[..], [fault] if fault.error.to_string().contains("an order of its own")));
}

#[test]
fn a_limit_that_nothing_fits_in_is_reported_and_the_function_runs() {
    let faults = faults("limited-to-nothing");
    const MOST: u64 = 0;
    #[cache(backend = "memory://?format=msgpack", capacity = MOST, name = "limited-to-nothing")]
    fn echo(n: u64) -> u64 {
        n
    }
    assert_eq!(echo(1), 1);
    assert!(faults().iter().any(|fault| fault.error.to_string().contains("a limit of zero")));
}

#[test]
fn what_is_asked_for_seldom_goes_and_a_small_process_keeps_all() {
    use cacher::testing::ManualClock;
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = "memory://?format=msgpack", frequency = "2/1h")]
    fn echo(n: u64) -> u64 {
        n
    }
    for n in [1, 2, 1, 1, 2] {
        echo(n);
    }
    clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!([1, 2].map(|n| echo::entry(n).contains()), [true, false]);
    #[cfg(target_os = "linux")]
    assert_eq!(
        left!([backend = "memory://?format=msgpack", process_memory = "1GiB", eviction = lfu], "abc"),
        ("abc".to_owned(), 0, 3)
    );
}

/// Reads of a store, and how many found something.
struct Reads(AtomicU64, AtomicU64);

impl Reads {
    const fn new() -> Self {
        Self(AtomicU64::new(0), AtomicU64::new(0))
    }

    fn note(&self, record: &Record<'_>) {
        if record.operation == "get" {
            self.0.fetch_add(1, SeqCst);
            self.1.fetch_add(u64::from(matches!(record.outcome, Outcome::Bytes(_))), SeqCst);
        }
    }

    fn all(&self) -> u64 {
        self.0.load(SeqCst)
    }

    fn found(&self) -> u64 {
        self.1.load(SeqCst)
    }
}

#[test]
fn ctu_11_two_small_levels() {
    static FIRST: Reads = Reads::new();
    static SECOND: Reads = Reads::new();
    static STORES: LazyLock<[Bytes; 2]> = LazyLock::new(|| [Bytes::new(), Bytes::new()]);
    fn level(at: usize, most: u64, reads: &'static Reads) -> Result<Logged, cacher::Error> {
        let limits = Limits::new().entries(most).eviction(Eviction::Lru);
        Ok(Logged::new(Limited::new(STORES[at].clone(), limits)?, |record| reads.note(record)))
    }
    #[cache(backend = [level(0, 10, &FIRST), level(1, 100, &SECOND)], ttl = "60s", name = "ctu-11")]
    fn work(i: i64, s: Option<&str>, b: bool) -> i64 {
        i + s.map_or(-20, |s| 10 * i64::try_from(s.len()).unwrap()) + if b { 100 } else { 0 }
    }
    for _ in 0..2 {
        let mut sum = 0;
        for _ in 0..10 {
            for i in 0..5 {
                for s in [Some("a"), Some("bb"), Some("ccc"), Some(""), None] {
                    sum += work(i, s, false) + work(i, s, true);
                }
            }
        }
        assert_eq!(sum, 30_000);
    }
    let len = |at: usize| STORES[at].len("ctu-11").unwrap();
    assert_eq!((len(0), len(1)), (10, 50));
    assert_eq!((FIRST.all(), FIRST.found()), (SECOND.all(), 0));
    assert!(SECOND.found() * 10 > SECOND.all() * 8, "{} of {}", SECOND.found(), SECOND.all());
    assert!(work::cache().stats().hit_rate() > 0.8);
}
