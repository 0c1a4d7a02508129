//! What keeps bodies from running, and values from being kept: breakers, places, doorkeepers, conditions.

use std::{
    cell::Cell,
    pin::pin,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

use cacher::{
    Kind, cache,
    strategy::{Breaker, Doorkeeper},
    testing::ManualClock,
};

use crate::{
    source::{Failure, Source, State},
    support::{Gate, ends, poll_once, until},
};

const SECOND: Duration = Duration::from_secs(1);
const REFUSED: Result<u64, Failure> = Err(Failure::Cache(Kind::Limited));

#[test]
fn a_breaker_opens_when_too_many_loads_fail_and_tries_again() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(breaker = "50%/10s")]
    fn load(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    (0..5).for_each(|key| assert!(load(key).is_ok()));
    SOURCE.is(State::Down);
    (5..10).for_each(|key| assert_eq!(load(key), Err(Failure::Down)));
    assert_eq!((load(10), SOURCE.reads()), (REFUSED, 10), "ten loads, half of which have failed");
    assert_eq!(load(1), Ok(2), "hits are hits");
    clock.advance(10 * SECOND);
    assert_eq!((load(10), load(11), SOURCE.reads()), (Err(Failure::Down), REFUSED, 11), "one try");
    SOURCE.is(State::Up);
    clock.advance(10 * SECOND);
    assert_eq!((load(10), load(11)), (Ok(12), Ok(13)));
}

#[test]
fn while_a_breaker_is_open_old_values_are_answers() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_if_error = "1h", breaker = Breaker::new(1.0, 60 * SECOND).min_loads(2))]
    async fn load(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let get = |key| futures::executor::block_on(load(key));
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(get(1), Ok(1));
    clock.advance(60 * SECOND);
    SOURCE.is(State::Down);
    assert_eq!((get(2), get(3), get(4)), (Err(Failure::Down), Err(Failure::Down), REFUSED));
    assert_eq!((get(1), SOURCE.reads()), (Ok(1), 3));
}

#[test]
fn an_error_is_told_in_place_of_an_old_value_if_that_is_asked_for() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_if_error = "1h", breaker = Breaker::new(1.0, 60 * SECOND).min_loads(1), on_limit = error)]
    fn load(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), Ok(1));
    clock.advance(70 * SECOND);
    SOURCE.is(State::Down);
    assert_eq!((load(2), load(1), SOURCE.reads()), (Err(Failure::Down), REFUSED, 2));
}

#[test]
fn errors_that_last_are_answers_and_no_failures() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(breaker = Breaker::new(0.5, SECOND).min_loads(2), error_ttl = "1s", error_if = |_| true)]
    fn load(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    SOURCE.is(State::Down);
    (0..20).for_each(|key| assert_eq!(load(key), Err(Failure::Down)));
}

#[test]
fn no_more_bodies_run_at_once_than_may() {
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    static MOST: AtomicU64 = AtomicU64::new(0);
    #[cache(max_concurrent = 3)]
    fn load(key: u64) -> u64 {
        MOST.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
        (0..20).for_each(|_| thread::yield_now());
        INSIDE.fetch_sub(1, SeqCst);
        key
    }
    ends(|| {
        thread::scope(|scope| {
            for first in 0..16 {
                scope.spawn(move || (0..10).for_each(|next| assert_eq!(load(first * 10 + next), first * 10 + next)));
            }
        });
    });
    assert_eq!(MOST.load(SeqCst), 3);
    assert_eq!(load::cache().stats().loads, 160);
}

#[test]
fn places_are_given_up_by_whoever_goes() {
    #[cache(max_concurrent = 1, ignore = [open])]
    async fn load(key: u64, open: &Cell<bool>) -> u64 {
        std::future::poll_fn(|_| if open.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        key
    }
    let open = Cell::new(false);
    let mut second = Box::pin(load(2, &open));
    {
        let mut first = pin!(load(1, &open));
        assert!(poll_once(&mut first).is_pending());
        open.set(true);
        assert!(poll_once(&mut second).is_pending(), "it waits for the first");
        open.set(false);
        // Dropped, and so is one that waits.
        let mut third = pin!(load(3, &open));
        assert!(poll_once(&mut third).is_pending());
    }
    open.set(true);
    assert_eq!(poll_once(&mut second), Poll::Ready(2));
    let panicking = std::panic::catch_unwind(|| {
        #[cache(max_concurrent = 1)]
        fn breaks(key: u64) -> u64 {
            assert!(key != 1, "broken");
            key
        }
        let _ = std::panic::catch_unwind(|| breaks(1));
        breaks(2)
    });
    assert_eq!(panicking.ok(), Some(2));
}

#[test]
fn a_body_that_calls_its_own_function_needs_no_second_place() {
    #[cache(max_concurrent = 1)]
    fn sum(to: u64) -> u64 {
        if to == 0 { 0 } else { to + sum(to - 1) }
    }
    #[cache(max_concurrent = 1)]
    async fn sum_async(to: u64) -> u64 {
        if to == 0 { 0 } else { to + Box::pin(sum_async(to - 1)).await }
    }
    ends(|| {
        assert_eq!(sum(20), 210);
        assert_eq!(futures::executor::block_on(sum_async(20)), 210);
    });
}

#[test]
fn bodies_that_wait_for_each_others_places_do_not_wait_for_ever() {
    static BOTH: std::sync::Barrier = std::sync::Barrier::new(2);
    #[cache(max_concurrent = 1)]
    fn left(key: u64) -> u64 {
        if key == 1 {
            BOTH.wait();
            right(2)
        } else {
            key
        }
    }
    #[cache(max_concurrent = 1)]
    fn right(key: u64) -> u64 {
        if key == 1 {
            BOTH.wait();
            left(2)
        } else {
            key
        }
    }
    ends(|| {
        thread::scope(|scope| {
            let one = scope.spawn(|| left(1));
            let other = scope.spawn(|| right(1));
            assert_eq!((one.join().unwrap(), other.join().unwrap()), (2, 2));
        });
    });
}

#[test]
fn with_no_place_left_old_values_and_errors_are_answers() {
    static INSIDE: Gate = Gate::new();
    static GO_ON: Gate = Gate::new();
    #[cache(max_concurrent = 1, ttl = "10s", stale_if_error = "1h", max_wait = "5s", ignore = [waits])]
    fn load(key: u64, waits: bool) -> Result<u64, Failure> {
        if waits {
            INSIDE.open();
            GO_ON.pass();
        }
        Ok(key)
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(load(1, false), Ok(1));
        clock.advance(10 * SECOND);
        thread::scope(|scope| {
            let first = scope.spawn(|| load(2, true));
            INSIDE.pass();
            assert_eq!(load(1, false), Ok(1), "old, but no wait");
            let waits = scope.spawn(|| load(3, false));
            until(|| {
                clock.advance(SECOND);
                waits.is_finished()
            });
            assert_eq!(waits.join().unwrap(), REFUSED);
            GO_ON.open();
            assert_eq!(first.join().unwrap(), Ok(2));
        });
        assert_eq!(load(3, false), Ok(3));
        assert_eq!(load::cache().stats().stale_hits, 1);
    });
}

#[test]
fn with_no_place_left_and_no_old_value_a_call_waits_that_would_take_one() {
    static INSIDE: Gate = Gate::new();
    static GO_ON: Gate = Gate::new();
    #[cache(max_concurrent = 1, ttl = "10s", on_limit = stale, ignore = [waits])]
    fn load(key: u64, waits: bool) -> Result<u64, Failure> {
        if waits {
            INSIDE.open();
            GO_ON.pass();
        }
        Ok(key)
    }
    ends(|| {
        thread::scope(|scope| {
            let first = scope.spawn(|| load(1, true));
            INSIDE.pass();
            let second = scope.spawn(|| load(2, false));
            until(|| load::cache().stats().limited == 1);
            GO_ON.open();
            assert_eq!((first.join().unwrap(), second.join().unwrap()), (Ok(1), Ok(2)));
        });
    });
}

#[test]
fn what_is_asked_for_once_is_not_kept() {
    #[cache(admit = second_sighting)]
    fn load(key: u64) -> u64 {
        key
    }
    #[cache(admit = Doorkeeper::new(10))]
    fn load_of_few(key: u64) -> u64 {
        key
    }
    (0..1000).for_each(|key| assert_eq!(load(key), key));
    assert!(load::cache().len() <= 5, "a Bloom filter makes mistakes");
    (0..1000).for_each(|key| assert_eq!(load(key), key));
    assert_eq!((load::cache().len(), load::cache().stats().loads), (1000, 2000 - load::cache().stats().hits));
    let hits = load::cache().stats().hits;
    (0..1000).for_each(|key| assert_eq!(load(key), key));
    assert_eq!(load::cache().stats().hits - hits, 1000);
    load::entry(5000).insert(7);
    assert_eq!(load(5000), 7, "what is inserted is kept");
    // The first is forgotten before it comes again.
    for key in (0..11).chain([0]) {
        load_of_few(key);
    }
    assert_eq!(load_of_few::entry(0).peek(), None);
}

#[test]
fn values_are_kept_for_some_arguments_only() {
    #[cache(cache_if = id < 10 && !name.is_empty())]
    fn of_arguments(id: u64, name: &str) -> u64 {
        id + name.len() as u64
    }
    #[cache(cache_if = [keep, |value: &u64| *value > 1])]
    fn of_both(id: u64, keep: bool) -> u64 {
        id
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "conditions are given a reference")]
    fn is_even(value: &u64) -> bool {
        value.is_multiple_of(2)
    }
    #[cache(cache_if = is_even)]
    fn of_values(id: u64) -> u64 {
        id
    }
    for _ in 0..2 {
        of_arguments(1, "a");
        of_arguments(1, "");
        of_arguments(10, "a");
        of_both(1, true);
        of_both(2, true);
        of_both(2, false);
        of_values(1);
        of_values(2);
    }
    let stats = [of_arguments::cache().stats(), of_both::cache().stats(), of_values::cache().stats()];
    assert_eq!(stats.map(|stats| (stats.loads, stats.hits, stats.entries)), [(5, 1, 1), (5, 1, 1), (3, 1, 1)]);
    assert!(!of_arguments::entry(1, "").insert(3), "nor is what is inserted");
}
