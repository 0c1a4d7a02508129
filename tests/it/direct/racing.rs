//! What several threads do at once to one key.

use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
};

use super::prelude::*;
use crate::support::{Gate, until};

const THREADS: u64 = 4;
const ROUNDS: u64 = 25;

type Numbers = Cache<String, u64>;

macro_rules! on_each {
    ($name:ident($cache:ident) $test:block) => {
        mod $name {
            use super::*;
            on_each!(memory_before_json MEMORY_BEFORE_JSON ($cache) $test);
            on_one!(alone($cache) $test);
        }
    };
    ($backend:ident $urls:ident ($cache:ident) $test:block) => {
        #[test]
        fn $backend() {
            let dir = TempDir::new();
            let $cache: Numbers = crate::direct::open(crate::direct::$urls, &dir).expect("it needs no server");
            $test
        }
    };
}

macro_rules! on_one {
    ($(#[$doc:meta])* $name:ident($cache:ident) $test:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;
            on_each!(memory MEMORY ($cache) $test);
            on_each!(json JSON ($cache) $test);
            on_each!(bytes BYTES ($cache) $test);
            #[cfg(feature = "sqlite")]
            on_each!(sqlite SQLITE ($cache) $test);
            #[cfg(feature = "lmdb")]
            on_each!(lmdb LMDB ($cache) $test);
        }
    };
}

fn at_once(work: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

fn add(cache: &Numbers, key: &str, sum: u64) {
    cache.update(key, |old| {
        // Between the read and the write.
        thread::yield_now();
        Some(old.unwrap_or_default() + sum)
    });
}

on_each!(no_update_is_lost(cache) {
    at_once(|_| (0..ROUNDS).for_each(|_| add(&cache, "sum", 1)));
    assert_eq!(cache.get("sum"), Some(THREADS * ROUNDS));
    assert_eq!(cache.stats().store_errors, 0);
});

on_each!(no_update_is_lost_beside_other_operations(cache) {
    at_once(|thread| {
        for _ in 0..ROUNDS {
            match thread {
                0 => assert!(cache.get("sum").is_none_or(|sum| sum <= 3 * ROUNDS)),
                1 => {
                    cache.expire_in("sum", MINUTE);
                    cache.set_if_absent("sum", 0);
                }
                _ => {}
            }
            add(&cache, "sum", u64::from(thread > 0));
            cache.get_or_load("sum", || unreachable!("it is there"));
        }
    });
    assert_eq!(cache.get("sum"), Some(3 * ROUNDS));
});

on_each!(one_of_several_is_set_if_absent(cache) {
    for round in 0..ROUNDS {
        let (key, winner) = (round.to_string(), AtomicU64::new(u64::MAX));
        at_once(|thread| {
            if cache.set_if_absent(key.as_str(), thread) {
                assert_eq!(winner.swap(thread, SeqCst), u64::MAX, "two were");
            }
        });
        assert_eq!(cache.get(key.as_str()), Some(winner.load(SeqCst)));
    }
});

on_one!(/// Of several backends each may have it for another one.
    of_what_is_deleted_by_several_one_was_there(cache) {
    for _ in 0..ROUNDS {
        cache.set("a", 1);
        let deleted = AtomicU64::new(0);
        at_once(|_| {
            deleted.fetch_add(u64::from(cache.delete("a")), SeqCst);
        });
        assert_eq!((deleted.load(SeqCst), cache.get("a")), (1, None));
    }
});

/// The change is asked again with what came between.
#[test]
fn an_update_sees_what_is_set_while_it_runs() {
    let cache: Numbers = Cache::builder().build().unwrap();
    let mut seen = Vec::new();
    let made = cache.update("a", |old| {
        seen.push(old);
        match seen.len() {
            1 => assert!(cache.set("a", 10)),
            2 => assert!(cache.delete("a")),
            3 => assert!(cache.set_if_absent("a", 20)),
            _ => {}
        }
        Some(old.unwrap_or_default() + 1)
    });
    assert_eq!((made, cache.get("a")), (Some(21), Some(21)));
    assert_eq!(seen, [None, Some(10), None, Some(20)]);
}

#[test]
fn a_get_waits_for_no_load() {
    let cache: Numbers = Cache::builder().build().unwrap();
    let go = Gate::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            cache.get_or_load("a", || {
                go.pass();
                1
            })
        });
        until(|| cache.stats().loads == 1);
        assert_eq!((cache.get("a"), cache.contains("a")), (None, false));
        assert!(cache.set_if_absent("a", 2));
        go.open();
    });
    assert_eq!(cache.get("a"), Some(2));
}
