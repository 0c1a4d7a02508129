//! What holds of functions on memcached, beyond what holds on all: where it is away, hangs, is full, or takes no more.

use std::{
    sync::{OnceLock, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use cacher::{Kind, Removal, cache};
use cacher_servers::Memcached;

use super::{bare, soon};
use crate::{
    common::faults,
    support::{ends, runs},
};

/// More than a call may take that finds a server silent: two operations, on a busy machine.
const BOUND: Duration = Duration::from_secs(4);

fn bounded<T>(call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = call();
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    value
}

/// Declares a URL that is known when the test has its server.
macro_rules! url {
    ($url:ident) => {
        static URL: OnceLock<String> = OnceLock::new();
        fn $url() -> String {
            URL.get().expect("it is set first").clone()
        }
    };
}

#[test]
fn a_server_that_is_started_again_is_used_again() {
    url!(url);
    runs!(ALONE, TIERS);
    #[cache(backend = url())]
    fn alone(n: u64) -> u64 {
        ALONE.fetch_add(1, SeqCst);
        n * n
    }
    #[cache(backend = ["memory://", url()])]
    async fn tiers(n: u64) -> u64 {
        TIERS.fetch_add(1, SeqCst);
        n * n
    }
    let Some(server) = Memcached::private() else { return };
    URL.set(server.url() + "?timeout=300ms").unwrap();
    let both = |n| (alone(n), bare().block_on(tiers(n)));
    assert_eq!([both(3), both(3)], [(9, 9); 2]);
    assert_eq!((ALONE.load(SeqCst), TIERS.load(SeqCst)), (1, 1));
    server.stop();
    for _ in 0..5 {
        assert_eq!(bounded(|| both(3)), (9, 9));
        assert_eq!(bounded(|| both(4)), (16, 16));
    }
    assert_eq!((ALONE.load(SeqCst), TIERS.load(SeqCst)), (11, 2), "memory goes on");
    assert_eq!(alone::entry(3).invalidate(), Removal::Pending);
    server.start();
    soon(|| {
        let before = ALONE.load(SeqCst);
        both(5);
        both(5);
        ALONE.load(SeqCst) == before
    });
    soon(|| alone::cache().stats().pending_removals == 0);
    assert_eq!(both(3), (9, 9));
}

#[test]
fn a_server_that_hangs_costs_the_timeout_and_no_value() {
    url!(url);
    #[cache(backend = url())]
    fn alone(n: u64) -> u64 {
        n * n
    }
    #[cache(backend = ["memory://", url()])]
    async fn tiers(n: u64) -> u64 {
        n * n
    }
    let Some(server) = Memcached::private() else { return };
    URL.set(server.url() + "?timeout=200ms").unwrap();
    let both = |n| (alone(n), bare().block_on(tiers(n)));
    assert_eq!(both(3), (9, 9));
    server.pause();
    for n in 3..20 {
        assert_eq!(bounded(|| both(n)), (n * n, n * n));
    }
    assert!(alone::cache().stats().store_errors > 0 && tiers::cache().stats().store_errors > 0);
    server.resume();
    let mut n = 100;
    soon(|| {
        n += 1;
        assert_eq!(both(n), (n * n, n * n));
        alone::entry(n).peek().is_some()
    });
}

/// `-M` refuses what there is no room for, where others would have to go.
#[test]
fn a_full_server_refuses_and_every_value_is_returned() {
    url!(url);
    #[cache(backend = url())]
    fn page(n: u64) -> String {
        format!("{n}").repeat(50_000 / 3)
    }
    let Some(server) = Memcached::private_with(&["-m", "8", "-M"]) else { return };
    URL.set(server.url() + "?timeout=5s").unwrap();
    let right = |n: u64| page(n) == format!("{n}").repeat(50_000 / 3);
    assert!((100..500).all(right) && (100..500).all(right));
    let stats = page::cache().stats();
    assert!(stats.store_errors > 0 && stats.hits > 0, "{stats:?}");
    assert!((100..500).all(|n| page::entry(n).peek().is_none_or(|page| page.starts_with(&n.to_string()))));
}

/// It makes room, has fewer entries, and never a wrong one.
#[test]
fn a_full_server_evicts() {
    url!(url);
    #[cache(backend = url())]
    fn page(n: u64) -> String {
        format!("{n}").repeat(50_000 / 3)
    }
    let Some(server) = Memcached::private_with(&["-m", "8"]) else { return };
    URL.set(server.url() + "?timeout=5s").unwrap();
    let right = |n: u64| page(n) == format!("{n}").repeat(50_000 / 3);
    assert!((100..500).all(right) && (300..500).rev().all(right));
    assert_ne!(server.stats()["evictions"], "0");
    let stats = page::cache().stats();
    assert!(stats.store_errors == 0 && stats.hits > 0 && stats.hits < 200, "{stats:?}");
}

#[test]
fn a_value_of_more_than_a_mebibyte_is_returned_and_not_kept() {
    url!(url);
    runs!(RUNS);
    #[cache(backend = url(), name = "shared::memcached::large")]
    fn zeros(length: usize) -> Vec<u8> {
        RUNS.fetch_add(1, SeqCst);
        vec![0; length]
    }
    let Some(server) = Memcached::private() else { return };
    URL.set(server.url() + "?timeout=5s").unwrap();
    let reported = faults("shared::memcached::large");
    for length in [1 << 20, 5 << 20] {
        assert_eq!((zeros(length).len(), zeros(length).len()), (length, length));
        assert!(zeros::entry(length).peek().is_none());
    }
    assert_eq!(RUNS.load(SeqCst), 4);
    let kinds: Vec<_> = reported().iter().map(|fault| fault.error.kind()).collect();
    assert!(kinds.len() >= 4 && kinds.iter().all(|kind| *kind == Kind::Rejected), "{kinds:?}");
    assert_eq!(
        (zeros(1000).len(), zeros(1000).len(), RUNS.load(SeqCst)),
        (1000, 1000, 5),
        "the connection is in order"
    );
    assert!(zeros::entry(1000).insert(vec![1; 2 << 20]), "the caller's part is done");
    assert!(zeros::entry(1000).peek().is_none(), "what it should replace is gone");
}

#[test]
fn odd_arguments_are_only_arguments() {
    url!(url);
    #[cache(backend = url(), keyer = readable)]
    fn readable(text: &str) -> String {
        format!("{text}!")
    }
    #[cache(backend = ["memory://", url()])]
    async fn hashed(text: String) -> String {
        format!("{text}!")
    }
    let Some(server) = Memcached::private() else { return };
    URL.set(server.url() + "?timeout=5s").unwrap();
    let mut odd: Vec<String> = (0..=u8::MAX).map(|byte| format!("a{}b", char::from(byte))).collect();
    odd.extend(["", " ", "a b", "a\r\nflush_all\r\n", "\0", "mn", "a|b", "%7c", "👾"].map(String::from));
    odd.extend(["k".repeat(249), "k".repeat(250), "k".repeat(251), "k".repeat(100_000)]);
    odd.sort();
    odd.dedup();
    let calls = move || {
        for _ in 0..2 {
            for text in &odd {
                assert_eq!(readable(text), format!("{text}!"));
                assert_eq!(bare().block_on(hashed(text.clone())), format!("{text}!"));
            }
        }
        odd.len() as u64
    };
    let count = ends(calls);
    let (readable, hashed) = (readable::cache().stats(), hashed::cache().stats());
    assert_eq!([(readable.hits, readable.loads), (hashed.hits, hashed.loads)], [(count, count); 2]);
    assert_eq!((readable.store_errors + hashed.store_errors, &*server.stats()["cmd_flush"]), (0, "0"));
}
