//! Values that answer calls while they are loaded anew.

use std::{
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use cacher::{cache, testing::ManualClock};

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
    support::{Gate, ends, until},
};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

#[test]
fn stale_while_revalidate_answers_others_while_one_loads_anew() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    static INSIDE: Gate = Gate::new();
    static GO_ON: Gate = Gate::new();
    #[cache(ttl = "10s", stale_while_revalidate = "30s")]
    fn value(key: u64) -> u64 {
        let read = SOURCE.read().unwrap();
        if read == 2 {
            INSIDE.open();
            GO_ON.pass();
        }
        read
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!((value(1), value(1)), (1, 1));
        clock.advance(11 * SECOND);
        let refresher = thread::spawn(|| value(1));
        INSIDE.pass();
        assert_eq!((value(1), value(1), value(1)), (1, 1, 1), "old, but no wait");
        assert_eq!(value::cache().stats().stale_hits, 3);
        GO_ON.open();
        assert_eq!(refresher.join().unwrap(), 2, "who loads gets what it loaded");
        assert_eq!((value(1), SOURCE.reads()), (2, 2));
    });
}

#[test]
fn past_the_window_all_wait() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_while_revalidate = "30s", refresh = background)]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), 1);
    clock.advance((40 * SECOND).checked_sub(MILLI).unwrap());
    assert_eq!(value(1), 1, "the last moment");
    until(|| value::entry(1).peek() == Some(2));
    clock.advance(40 * SECOND);
    assert_eq!((value(1), SOURCE.reads()), (3, 3), "loaded by the caller");
}

#[test]
fn a_refresh_in_the_background_lets_every_caller_go() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    static GO_ON: Gate = Gate::new();
    #[cache(ttl = "10s", stale_while_revalidate = "30s", refresh = background)]
    fn value(key: String) -> u64 {
        let read = SOURCE.read().unwrap();
        if read == 2 {
            GO_ON.pass();
        }
        read
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(value("a".to_owned()), 1);
        clock.advance(11 * SECOND);
        for _ in 0..5 {
            assert_eq!(value("a".to_owned()), 1);
        }
        until(|| SOURCE.reads() == 2);
        GO_ON.open();
        until(|| value::entry("a".to_owned()).peek() == Some(2));
        assert_eq!((value("a".to_owned()), SOURCE.reads()), (2, 2), "one refresh for all");
        let stats = value::cache().stats();
        assert_eq!((stats.loads, stats.misses, stats.stale_hits), (2, 1, 5), "{stats:?}");
    });
}

#[test]
fn a_refresh_in_the_background_of_async_functions_and_methods() {
    struct Client(Source);
    impl Client {
        #[cache(ttl = "10s", stale_while_revalidate = "30s", refresh = background, ignore = [self])]
        async fn value(self: Arc<Self>, key: u64) -> Result<u64, Failure> {
            self.0.read()
        }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let client = Arc::new(Client(Source::default()));
    let get = || futures::executor::block_on(Arc::clone(&client).value(1));
    assert_eq!(get(), Ok(1));
    clock.advance(11 * SECOND);
    assert_eq!(get(), Ok(1));
    until(|| client.0.reads() == 2);
    until(|| get() == Ok(2));
}

#[test]
fn what_nobody_asks_for_is_not_loaded_anew() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_while_revalidate = "30s", refresh_at = 0.5, refresh = background)]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), 1);
    clock.advance(100 * SECOND);
    assert_eq!(SOURCE.reads(), 1);
}

#[test]
fn refresh_at_is_a_part_of_the_life() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", refresh_at = 0.8)]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), 1);
    clock.advance((8 * SECOND).checked_sub(MILLI).unwrap());
    assert_eq!(value(1), 1);
    clock.advance(MILLI);
    assert_eq!(value(1), 2);
    clock.advance(7 * SECOND);
    assert_eq!(value(1), 2, "a new life");
    let stats = value::cache().stats();
    assert_eq!((stats.hits, stats.misses, stats.loads), (2, 1, 2), "{stats:?}");
}

#[test]
fn values_of_one_life_each_are_loaded_anew_by_it() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = |value: &u64| Duration::from_secs(10 * *value), refresh_at = 0.5)]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), 1);
    clock.advance(5 * SECOND);
    assert_eq!(value(1), 2);
    clock.advance(9 * SECOND);
    assert_eq!(value(1), 2);
    clock.advance(SECOND);
    assert_eq!(value(1), 3);
}

#[test]
fn xfetch_loads_anew_the_earlier_the_longer_that_takes() {
    // The chance is exp(-left / load): of 1000 at one load time left 368, at three 50.
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let (one, three) = (refreshed(1.0, &clock), refreshed(3.0, &clock));
    assert!((300..440).contains(&one), "{one}");
    assert!((20..90).contains(&three), "{three}");
}

/// How many of 1000 values are loaded anew with so many load times left.
fn refreshed(left: f64, clock: &ManualClock) -> u64 {
    #[cache(ttl = "100s", xfetch = 1.0, ignore = [clock])]
    fn value(key: (u64, u64), clock: Option<&ManualClock>) -> u64 {
        if let Some(clock) = clock {
            clock.advance(SECOND);
        }
        key.0
    }
    let before = value::cache().stats().loads;
    for key in 0..1000 {
        let key = (left.to_bits(), key);
        value(key, Some(clock));
        clock.advance((100 * SECOND).checked_sub(SECOND.mul_f64(left)).unwrap());
        value(key, None);
    }
    value::cache().stats().loads - before - 1000
}

#[test]
fn a_refresh_that_fails_keeps_the_value_and_is_not_tried_again_at_once() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_while_revalidate = "1h")]
    fn value(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), Ok(1));
    clock.advance(11 * SECOND);
    SOURCE.is(State::Down);
    for _ in 0..10 {
        assert_eq!(value(1), Ok(1));
    }
    assert_eq!(SOURCE.reads(), 2, "one try");
    // It waits twice as long after each failure, up to a minute.
    let mut tries = Vec::new();
    for second in 1..=300 {
        clock.advance(SECOND);
        let before = SOURCE.reads();
        assert_eq!(value(1), Ok(1));
        if SOURCE.reads() > before {
            tries.push(second);
        }
    }
    assert_eq!(tries, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
    SOURCE.is(State::Up);
    clock.advance(60 * SECOND);
    let fresh = value(1).unwrap();
    assert_eq!((fresh, value(1)), (SOURCE.reads(), Ok(fresh)), "and all is well again");
    SOURCE.is(State::Down);
    clock.advance(11 * SECOND);
    let before = SOURCE.reads();
    assert_eq!((value(1), SOURCE.reads()), (Ok(fresh), before + 1), "with the first pause again");
    clock.advance(SECOND);
    assert_eq!((value(1), SOURCE.reads()), (Ok(fresh), before + 2));
}

#[test]
fn scopes_that_load_nothing_find_what_is_due() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", refresh_at = 0.5, stale_while_revalidate = "30s")]
    fn value(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), Ok(1));
    for (seconds, answers) in [(6, true), (10, true), (24, false)] {
        clock.advance(seconds * SECOND);
        let cached = cacher::only_if_cached(|| value(1));
        assert_eq!(cached.is_ok(), answers, "{cached:?} {seconds}");
    }
    let stats = value::cache().stats();
    assert_eq!((stats.hits, stats.stale_hits, stats.loads, SOURCE.reads()), (1, 1, 1, 1), "{stats:?}");
}

#[test]
fn a_new_value_that_is_turned_down_leaves_the_old_one() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_while_revalidate = "30s", cache_if = |value| *value == 1)]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), 1);
    clock.advance(11 * SECOND);
    assert_eq!((value(1), value(1)), (2, 3), "who loads gets what it loaded");
    assert_eq!(cacher::only_if_cached(|| value(1)), 1);
    assert!(value::entry(1).peek().is_none() && value::entry(1).info().is_none(), "it is not fresh");
    assert_eq!(value::cache().stats().refusals, 2);
}

#[test]
fn values_of_stores_are_loaded_anew_too() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = [STORE.clone()], ttl = "10s", stale_while_revalidate = "30s")]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    #[cache(backend = ["memory://", STORE.clone()], ttl = "10s", stale_while_revalidate = "30s", refresh_at = 0.5,
        name = "in_tiers")]
    fn in_tiers(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let first = value(1);
    clock.advance(11 * SECOND);
    assert_eq!(value(1), first + 1, "the one who loads");
    clock.advance(10 * SECOND);
    SOURCE.is(State::Broken);
    let thrown = std::panic::catch_unwind(|| value(1));
    assert_eq!(thrown.ok(), Some(first + 1), "old is better than nothing");
    SOURCE.is(State::Up);

    let first = in_tiers(1);
    clock.advance(5 * SECOND);
    let second = in_tiers(1);
    assert!(second > first);
    clock.advance((5 * SECOND).checked_sub(MILLI).unwrap());
    assert_eq!(in_tiers(1), second);
    clock.advance(MILLI);
    assert!(in_tiers(1) > second);
}

#[test]
fn items_of_batches_are_loaded_anew_each_in_its_time() {
    use std::sync::Mutex;
    static ASKED: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());
    #[cache(batch = ids, ttl = "10s", refresh_at = 0.5)]
    fn values(ids: &[u64]) -> Vec<u64> {
        ASKED.lock().unwrap().push(ids.to_vec());
        ids.to_vec()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    values(&[1]);
    clock.advance(3 * SECOND);
    values(&[2]);
    clock.advance(3 * SECOND);
    assert_eq!(values(&[1, 2, 3]), [1, 2, 3]);
    assert_eq!(*ASKED.lock().unwrap(), [vec![1], vec![2], vec![1, 3]]);
}
