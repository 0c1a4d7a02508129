//! Cases of the Python library `CacheToolsUtils`.

use std::thread;

use cacher::{Kind, Stats, cache};

use super::prelude::*;
use crate::common::faults;

on_every_backend! {
    ctu_04_what_is_set_is_read_and_what_is_deleted_is_missing:
    #[cache()]
    fn text(key: &str) -> String { format!("loaded for {key}") }
    {
        let entry = text::entry("hello-world!");
        assert!(entry.insert("Hello World…".into()));
        assert_eq!(entry.peek().as_deref(), Some("Hello World…"));
        assert_eq!(entry.invalidate(), Removal::Removed);
        assert_eq!((entry.peek(), RUNS.load(SeqCst)), (None, 0));
        assert_eq!(text("hello-world!"), "loaded for hello-world!");
    }
}

on_every_backend! {
    ctu_04_a_number_is_read_as_a_number:
    #[cache()]
    fn number(key: &str) -> i64 { i64::from(!key.is_empty()) }
    {
        assert!(number::entry("hello-world!").insert(65536));
        assert_eq!((number("hello-world!"), RUNS.load(SeqCst)), (65536, 0));
    }
}

on_every_backend! {
    /// `setdefault` is a call, the default is what the body returns; `pop` looks and removes.
    ctu_05_keys_of_bytes:
    #[cache(ignore = [default])]
    fn set_default(key: &[u8], default: &[u8]) -> Vec<u8> { default.to_vec() }
    {
        let pop = |key: &[u8]| {
            let entry = set_default::entry(key);
            let value = entry.peek();
            assert_eq!(entry.invalidate(), if value.is_some() { Removal::Removed } else { Removal::Absent });
            value
        };
        let (k, v, x) = (b"\x00hello\xff".as_slice(), b"v\xfe".as_slice(), b"x".as_slice());
        assert_eq!(set_default(k, v), v);
        assert_eq!(set_default(k, x), v);
        assert_eq!(set_default::entry(k).peek().as_deref(), Some(v));
        assert_eq!(pop(k).as_deref(), Some(v));
        assert_eq!(set_default::entry(k).peek().unwrap_or(x.to_vec()), x);
        assert_eq!(pop(k).unwrap_or(x.to_vec()), x);
        assert_eq!(pop(k), None);
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

on_every_backend! {
    /// Only calls are counted, as hits and misses; what looks at an entry or changes it is not.
    ctu_07_contains_and_delete:
    #[cache()]
    fn value(key: &str) -> u64 { key.len() as u64 }
    {
        assert!(value::entry("foo").insert(1));
        assert!(value::entry("foo").contains());
        assert_eq!(value::entry("foo").invalidate(), Removal::Removed);
        assert!(!value::entry("foo").contains());
        let Stats { hits, misses, loads, store_errors, .. } = value::cache().stats();
        assert_eq!((hits, misses, loads, store_errors), (0, 0, 0, 0));
        assert_eq!((value("foo"), value::cache().stats().misses, RUNS.load(SeqCst)), (3, 1, 1));
    }
}

on_every_backend! {
    ctu_08_the_hit_rate_before_the_first_call_is_zero:
    #[cache()]
    fn value(key: &str) -> u64 { key.len() as u64 }
    {
        assert_eq!(value::cache().stats(), Stats::default());
        assert!(value::cache().stats().hit_rate().abs() < f64::EPSILON);
        assert_eq!(value("foo"), 3);
        let stats = value::cache().stats();
        assert_eq!((stats.misses, stats.loads), (1, 1));
    }
}

#[test]
fn ctu_19_two_recursive_methods_share_a_site() {
    #[derive(Default)]
    struct Stuff {
        cache: cacher::Site,
    }
    impl Stuff {
        #[cache(site = self.cache, ttl = "60s", capacity = 1024)]
        pub(crate) fn sum_n2(&self, n: i64) -> i64 {
            if n < 1 { 0 } else { n * n + self.sum_n2(n - 1) }
        }

        #[cache(site = self.cache, ttl = "60s", capacity = 1024)]
        pub(crate) fn sum_n1(&self, n: i64) -> i64 {
            if n < 0 { 0 } else { n + self.sum_n1(n - 1) }
        }
    }
    let stuff = Stuff::default();
    assert_eq!((stuff.sum_n2(128), stuff.sum_n1(128)), (707_264, 8256));
    for n in 1..128 {
        let twice = [stuff.sum_n2(n) + stuff.sum_n1(n), stuff.sum_n2(n) + stuff.sum_n1(n)];
        assert_eq!(twice[0], twice[1]);
    }
    assert_eq!((stuff.sum_n2_cache().len(), stuff.sum_n1_cache().len()), (129, 130));
    let (n2, n1) = (stuff.sum_n2_cache().stats(), stuff.sum_n1_cache().stats());
    assert!(n2.hit_rate() > 0.6 && n1.hit_rate() > 0.6);
}

on_every_backend! {
    ctu_22_a_recursive_function:
    #[cache(ttl = "60s")]
    fn sum_n2(n: u64) -> u64 { if n < 1 { 0 } else { n * n + sum_n2(n - 1) } }
    {
        assert_eq!(sum_n2(128), 707_264);
        for n in 1..128 {
            assert_eq!(sum_n2(n), n * (n + 1) * (2 * n + 1) / 6);
            assert_eq!(sum_n2(n), sum_n2(n));
        }
        assert_eq!((sum_n2::cache().len(), RUNS.load(SeqCst)), (129, 129));
        assert!(sum_n2::cache().stats().hit_rate() > 0.7);
    }
}

/// In a URL it is a compile error (`tests/ui/url_format_unknown.rs`).
#[test]
fn ctu_23_an_unknown_format() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = Files::new(DIR.get().unwrap()).format("pickle"), name = "ctu-23")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let (dir, faults) = (TempDir::new(), faults("ctu-23"));
    DIR.set(dir.path().to_owned()).unwrap();
    assert_eq!((square(3), square(3)), (9, 9));
    assert_eq!((square::cache().stats().loads, square::cache().len()), (2, 0));
    let fault = faults().remove(0);
    assert_eq!((fault.error.kind(), fault.to_string().contains("no format \"pickle\"")), (Kind::Invalid, true));
}

on_every_backend! {
    ctu_25_several_threads_use_one_entry:
    #[cache()]
    fn value(key: &str) -> String { key.to_owned() }
    {
        let elsewhere = |act: fn() -> bool| thread::spawn(act).join().unwrap();
        assert!(elsewhere(|| value::entry("hello").insert("world!".into())));
        assert!(value::entry("hello").contains());
        assert!(elsewhere(|| value::entry("hello").peek().as_deref() == Some("world!")));
        assert!(elsewhere(|| value::entry("hello").invalidate() == Removal::Removed));
        assert!(!value::entry("hello").contains());
        assert!(elsewhere(|| value("hello") == "hello"));
        assert_eq!((value("hello").as_str(), RUNS.load(SeqCst)), ("hello", 1));
    }
}

#[test]
fn ctu_26_cached_functions_that_call_each_other() {
    #[cache]
    fn repeat(text: &str, n: usize) -> String {
        text.repeat(n)
    }
    #[cache]
    fn banged(text: &str, n: usize) -> String {
        repeat(text, n) + "!"
    }
    let on_a_thread = |call: fn() -> String| thread::spawn(call).join().unwrap();
    assert_eq!(on_a_thread(|| banged("a", 3)), "aaa!");
    assert_eq!(on_a_thread(|| repeat("a", 3)), "aaa");
    assert_eq!(on_a_thread(|| banged("a", 3)), "aaa!");
    let (repeat, banged) = (repeat::cache().stats(), banged::cache().stats());
    assert_eq!((repeat.hits + banged.hits, repeat.misses + banged.misses), (2, 2));
}

on_every_backend! {
    ctu_28_an_entry_is_looked_for_and_deleted:
    #[cache()]
    fn letter(s: &str, i: usize) -> Option<char> { s.chars().nth(i) }
    {
        assert!(!letter::entry("hello", 4).contains());
        assert_eq!((letter("hello", 4), letter("hello", 4)), (Some('o'), Some('o')));
        assert!(letter::entry("hello", 4).contains());
        assert!((letter::cache().stats().hit_rate() - 0.5).abs() < f64::EPSILON);
        assert_eq!(letter::entry("hello", 4).invalidate(), Removal::Removed);
        assert!(!letter::entry("hello", 4).contains());
        assert_eq!(letter::entry("hello", 4).invalidate(), Removal::Absent);
    }
}
