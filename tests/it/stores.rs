//! What a store may do to a cache, and a cache to a store.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use cacher::{Removal, cache, testing::ManualClock};

use crate::{
    gated::Gated,
    support::{Gate, ends, until},
};

/// A store and a source for one test.
macro_rules! setting {
    ($store:ident, $source:ident) => {
        static $store: LazyLock<Gated> = LazyLock::new(Gated::default);
        static $source: AtomicU64 = AtomicU64::new(1);
    };
}

#[tokio::test]
async fn an_invalidation_waits_for_the_write_of_a_cancelled_caller() {
    setting!(STORE, SOURCE);
    #[cache(backend = STORE.clone())]
    async fn value() -> u64 {
        SOURCE.load(SeqCst)
    }
    STORE.shut();
    let caller = tokio::spawn(value());
    tokio::task::spawn_blocking(|| STORE.await_writer()).await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    SOURCE.store(2, SeqCst);
    let invalidated = tokio::spawn(async { value::entry().invalidate().await });
    tokio::task::yield_now().await;
    STORE.open();
    invalidated.await.unwrap();
    assert_eq!(value::entry().peek().await, None);
    assert_eq!(STORE.len(), 0);
    assert_eq!(value().await, 2);
}

#[tokio::test]
async fn clearing_waits_for_the_write_of_a_cancelled_caller() {
    setting!(STORE, SOURCE);
    #[cache(backend = STORE.clone())]
    async fn value() -> u64 {
        SOURCE.load(SeqCst)
    }
    STORE.shut();
    let caller = tokio::spawn(value());
    tokio::task::spawn_blocking(|| STORE.await_writer()).await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    let cleared = tokio::spawn(async { value::cache().clear().await });
    tokio::task::yield_now().await;
    STORE.open();
    cleared.await.unwrap();
    assert_eq!(STORE.len(), 0);
}

#[test]
fn what_is_read_while_a_value_is_inserted_is_not_filled_back() {
    setting!(LOWER, SOURCE);
    static UPPER: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = ["memory://", UPPER.clone(), LOWER.clone()])]
    fn value() -> u64 {
        SOURCE.load(SeqCst)
    }
    assert_eq!(value(), 1);
    UPPER.fail(false);
    LOWER.shut();
    let inserting = thread::spawn(|| value::entry().insert(2));
    LOWER.await_writer();
    // Reads the old value from a store that has not been written yet.
    let seen = cacher::bypass(|| value::entry().peek());
    assert_eq!(seen, Some(1));
    let calling = thread::spawn(value);
    LOWER.open();
    assert!(inserting.join().unwrap());
    let called = calling.join().unwrap();
    assert!(called == 1 || called == 2);
    assert_eq!(value::entry().peek(), Some(2));
    assert_eq!(value(), 2);
}

#[test]
fn a_call_after_an_insertion_does_not_follow_an_older_load() {
    setting!(STORE, SOURCE);
    static STARTED: Gate = Gate::new();
    static GO: Gate = Gate::new();
    #[cache(backend = &*STORE)]
    fn value() -> u64 {
        let value = SOURCE.load(SeqCst);
        STARTED.open();
        GO.pass();
        value
    }
    ends(|| {
        let older = thread::spawn(value);
        STARTED.pass();
        SOURCE.store(2, SeqCst);
        assert!(value::entry().insert(2));
        assert_eq!(value(), 2);
        GO.open();
        assert_eq!((older.join().unwrap(), value()), (1, 2));
    });
}

#[test]
fn nothing_older_is_served_after_a_refresh_that_an_invalidation_kept_out() {
    setting!(STORE, SOURCE);
    #[cache(backend = ["memory://", &*STORE])]
    fn value() -> u64 {
        SOURCE.load(SeqCst)
    }
    ends(|| {
        assert_eq!(value(), 1);
        STORE.shut_removals();
        let invalidation = thread::spawn(|| value::entry().invalidate());
        STORE.await_writer();
        // The value is in every tier still, and the key is closed to the newer one.
        SOURCE.store(2, SeqCst);
        let refresh = thread::spawn(|| (value::refresh(), value()));
        until(|| value::cache().stats().loads == 2);
        STORE.open();
        assert_eq!(refresh.join().unwrap(), (2, 2));
        assert_eq!(invalidation.join().unwrap(), Removal::Removed);
    });
}

#[test]
fn a_removal_that_fails_hides_the_entry_and_is_retried() {
    setting!(STORE, SOURCE);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone())]
    fn value() -> u64 {
        SOURCE.load(SeqCst)
    }
    assert_eq!(value(), 1);
    SOURCE.store(2, SeqCst);
    STORE.fail(true);
    assert_eq!(value::entry().invalidate(), Removal::Pending);
    assert_eq!(value::cache().stats().pending_removals, 1);
    assert_eq!(value::entry().peek(), None);
    clock.advance(Duration::from_millis(10));
    assert_eq!(value(), 2, "the old entry is still there, and is not served");
    STORE.fail(false);
    clock.advance(Duration::from_secs(2));
    assert_eq!(value::cache().stats().pending_removals, 0);
    assert_eq!(value(), 2);
}

#[test]
fn a_store_that_fails_is_never_the_callers_fault() {
    setting!(STORE, SOURCE);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone())]
    fn value(n: u64) -> u64 {
        SOURCE.load(SeqCst) + n
    }
    STORE.fail(true);
    assert_eq!((value(1), value(1)), (2, 2));
    assert!(value::cache().stats().store_errors >= 2);
    STORE.fail(false);
    clock.advance(Duration::from_millis(1));
    assert_eq!((value(1), value(1)), (2, 2));
    assert_eq!(value::cache().stats().hits, 1);
}

#[test]
fn a_store_that_cannot_be_opened_is_tried_again_later() {
    setting!(STORE, SOURCE);
    static BROKEN: AtomicU64 = AtomicU64::new(1);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    fn open() -> Result<Gated, std::io::Error> {
        match BROKEN.load(SeqCst) {
            0 => Ok(STORE.clone()),
            1 => Err(std::io::Error::other("not yet")),
            _ => panic!("in opening"),
        }
    }
    #[cache(backend = open())]
    fn value() -> u64 {
        SOURCE.fetch_add(1, SeqCst)
    }
    assert_eq!((value(), value()), (1, 2));
    BROKEN.store(2, SeqCst);
    clock.advance(Duration::from_secs(1));
    assert_eq!(value(), 3);
    BROKEN.store(0, SeqCst);
    clock.advance(Duration::from_secs(1));
    assert_eq!((value(), value()), (4, 4));
}

#[test]
fn a_value_that_no_format_can_keep_is_returned_and_reported() {
    setting!(STORE, SOURCE);
    #[cache(backend = STORE.clone())]
    fn value() -> Option<Option<u64>> {
        SOURCE.fetch_add(1, SeqCst);
        Some(None)
    }
    assert_eq!((value(), value()), (Some(None), Some(None)));
    assert_eq!(SOURCE.load(SeqCst), 3);
    assert_eq!(value::cache().stats().store_errors, 2);
}

#[test]
fn two_functions_of_one_name_do_not_share_a_store() {
    setting!(STORE, SOURCE);
    mod one {
        #[cacher::cache(backend = super::TWINS.clone(), name = "twin")]
        pub fn f(n: u64) -> u64 {
            n + 1
        }
    }
    mod two {
        #[cacher::cache(backend = super::TWINS.clone(), name = "twin")]
        pub fn f(n: u64) -> u64 {
            n + 2
        }
    }
    let _ = (&*STORE, &SOURCE);
    assert_eq!((one::f(1), two::f(1), one::f(1), two::f(1)), (2, 3, 2, 3));
    assert_eq!(one::f::cache().stats().hits, 1);
    assert_eq!(two::f::cache().stats().hits, 0, "the second keeps nothing there");
}

static TWINS: LazyLock<Gated> = LazyLock::new(Gated::default);

#[test]
fn a_hit_of_a_store_alone_clones_nothing() {
    static CLONES: AtomicU64 = AtomicU64::new(0);

    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Value(u64);

    impl Clone for Value {
        fn clone(&self) -> Self {
            CLONES.fetch_add(1, SeqCst);
            Self(self.0)
        }
    }

    #[cache(backend = "memory://?format=msgpack")]
    fn value(n: u64) -> Value {
        Value(n)
    }

    value(1);
    let before = CLONES.load(SeqCst);
    assert_eq!(value(1).0, 1);
    assert_eq!((CLONES.load(SeqCst), value::cache().stats().hits), (before, 1));
}
