//! `on_limit = stale` with a store: how old a value may be that stands in for a body that is held back.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{Error, cache, testing::ManualClock};

use crate::gated::Gated;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_ttl_that_was_shortened_holds_for_stale_values_too() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static TTL: AtomicU64 = AtomicU64::new(86_400);
    #[cache(backend = STORE.clone(), rate_limit = "1/1d", on_limit = stale,
        ttl = Duration::from_secs(TTL.load(SeqCst)), max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert!(load(1).is_ok());
    TTL.store(10, SeqCst);
    clock.advance(15 * SECOND);
    assert_eq!(load(1).ok(), Some(1), "past its time, and not for longer than that was");
    clock.advance(6 * SECOND);
    assert_eq!(load(1).ok(), None);
}

#[test]
fn a_stale_value_from_the_future_is_not_believed() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = STORE.clone(), rate_limit = "1/h", on_limit = stale, ttl = "10s", max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((load(1).ok(), load(1).ok()), (Some(1), Some(1)));
    clock.set_time_of_day(clock.time_of_day() - 3600 * SECOND);
    assert_eq!(load(1).ok(), None);
}

#[test]
fn a_value_that_was_asked_for_is_kept_as_long_past_its_time_as_before() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = STORE.clone(), rate_limit = "1/h", on_limit = stale, tti = "10s", max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1).ok(), Some(1));
    clock.advance(8 * SECOND);
    assert_eq!((load(1).ok(), load::cache().stats().hits), (Some(1), 1));
    clock.advance(19 * SECOND);
    assert_eq!((load(1).ok(), load::cache().stats().stale_hits), (Some(1), 1), "18 s, and 10 more");
    clock.advance(2 * SECOND);
    assert_eq!(load(1).ok(), None);
}
