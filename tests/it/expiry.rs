//! How long values live, and how many there may be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, SystemTime},
};

use cacher::{Handle, Removal, Weigh, cache, testing::ManualClock};

use crate::support::{block_on, ends, runs, until};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
/// Entries are swept in steps of a quarter of a second.
const TICK: Duration = Duration::from_millis(250);

// How long.

#[test]
fn a_ttl_ends_a_life_to_the_moment() {
    runs!(RUNS);
    #[cache(ttl = "1m30s")]
    fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst) + 1
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), 1);
    clock.advance(90 * SECOND - MILLI);
    assert_eq!(load(1), 1, "and asking does not prolong it");
    assert_eq!(load::entry(1).info().unwrap().age, 90 * SECOND - MILLI);
    clock.advance(MILLI);
    assert_eq!(load::entry(1).peek(), None);
    assert!(!load::entry(1).contains());
    assert_eq!(load(1), 2);
    let stats = load::cache().stats();
    assert_eq!((stats.hits, stats.misses, stats.expirations, stats.entries), (1, 2, 1, 1));
}

#[test]
fn a_ttl_that_an_argument_says() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct User {
        id: u64,
        minutes: u8,
    }
    #[cache(ttl = Duration::from_secs(u64::from(user.minutes) * 60))]
    fn load(user: &User) -> u64 {
        user.id
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let [short, long, zero] = [1, 2, 0].map(|minutes| User { id: 7, minutes });
    assert_eq!((load(&short), load(&long), load(&zero)), (7, 7, 7));
    let life = |user| load::entry(user).info().map(|info| info.fresh_for.unwrap());
    assert_eq!((life(&short), life(&long), life(&zero)), (Some(60 * SECOND), Some(120 * SECOND), None));
    clock.advance(60 * SECOND);
    assert_eq!((life(&short), life(&long)), (None, Some(60 * SECOND)));
    assert!(load::entry(&short).insert(8));
    assert_eq!(life(&short), Some(60 * SECOND));
}

#[test]
fn a_ttl_that_the_value_says() {
    #[derive(Clone)]
    struct Token {
        seconds: u64,
    }
    #[cache(ttl = |token| Duration::from_secs(token.seconds))]
    fn token(seconds: u64) -> Result<Token, String> {
        if seconds == 99 { Err("no".into()) } else { Ok(Token { seconds }) }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for seconds in [0, 1, 2, 99] {
        assert_eq!(token(seconds).is_ok(), seconds != 99);
    }
    assert_eq!(token::cache().len(), 2, "a life of zero is not kept");
    assert_eq!(token::cache().stats().refusals, 1);
    clock.advance(SECOND);
    assert_eq!((token::entry(1).contains(), token::entry(2).contains()), (false, true));
    assert!(token::entry(7).insert(Token { seconds: 5 }));
    assert_eq!(token::entry(7).info().unwrap().fresh_for, Some(5 * SECOND));
    assert!(!token::entry(8).insert(Token { seconds: 0 }));
    assert!(!token::entry(8).contains());
}

#[test]
fn without_a_ttl_a_value_lives_for_ever() {
    #[cache]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1);
    clock.advance(SECOND * 3600 * 24 * 365 * 50);
    assert_eq!(load::entry(1).info().unwrap().fresh_for, None);
    assert_eq!((load(1), load::cache().stats().hits), (1, 1));
}

#[test]
fn a_very_long_ttl_overflows_nothing() {
    #[cache(ttl = |_| Duration::MAX)]
    fn for_ever(key: u64) -> u64 {
        key
    }
    #[cache(ttl = |_| Duration::MAX - MILLI, jitter = "1s")]
    fn nearly(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for _ in 0..2 {
        assert_eq!((for_ever(1), nearly(1)), (1, 1));
        clock.advance(3600 * SECOND);
    }
    assert_eq!((for_ever::cache().stats().hits, nearly::cache().stats().hits), (1, 1));
}

#[test]
fn the_clock_on_the_wall_does_not_matter_to_memory() {
    #[cache(ttl = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1);
    let now = clock.time_of_day();
    for set in [now + 3600 * SECOND, now - 3600 * SECOND] {
        clock.set_time_of_day(set);
        assert_eq!(load::entry(1).peek(), Some(1));
    }
    clock.advance(10 * SECOND);
    assert_eq!(load::entry(1).peek(), None);
}

#[test]
fn a_tti_slides() {
    #[cache(tti = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1);
    load(2);
    for _ in 0..10 {
        clock.advance(9 * SECOND);
        load(1);
    }
    assert_eq!((load::entry(1).peek(), load::entry(2).peek()), (Some(1), None));
    assert_eq!(load::cache().stats().loads, 2);
    // Looking is not asking.
    clock.advance(9 * SECOND);
    assert!(load::entry(1).contains() && load::entry(1).peek().is_some() && load::entry(1).info().is_some());
    clock.advance(SECOND);
    assert!(!load::entry(1).contains());
}

#[test]
fn a_ttl_bounds_what_a_tti_prolongs() {
    #[cache(ttl = "25s", tti = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for left in [25, 16, 7] {
        load(1);
        assert_eq!(load::entry(1).info().unwrap().fresh_for, Some(SECOND * left.min(10)));
        clock.advance(9 * SECOND);
    }
    assert!(!load::entry(1).contains());
    assert_eq!(load::cache().stats().loads, 1);
}

#[test]
fn what_was_asked_for_is_swept_after_all() {
    #[cache(tti = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1);
    clock.advance(6 * SECOND);
    load(1);
    clock.advance(6 * SECOND);
    assert_eq!(load::cache().len(), 1);
    clock.advance(4 * SECOND + TICK);
    assert_eq!(load::cache().len(), 0);
}

#[test]
fn expires_at_a_time_of_day() {
    #[cache(expires_at = **until)]
    fn by_argument(until: &SystemTime) -> u64 {
        1
    }
    #[cache(expires_at = |until| *until)]
    fn by_value(until: SystemTime) -> SystemTime {
        until
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let now = clock.time_of_day();
    let [soon, late, past] = [now + 5 * SECOND, now + 3600 * SECOND, now - SECOND];
    let _ = by_argument(&soon);
    by_value(soon);
    by_value(late);
    by_value(past);
    assert!(!by_value::entry(past).contains());
    assert_eq!(by_value::cache().stats().refusals, 1);
    let left = |time| by_value::entry(time).info().unwrap().fresh_for.unwrap();
    // The time of day is kept in milliseconds.
    assert!(left(soon) > 5 * SECOND - 2 * MILLI && left(soon) <= 5 * SECOND, "{:?}", left(soon));
    assert!(left(late) > 3599 * SECOND && left(late) <= 3600 * SECOND, "{:?}", left(late));
    clock.advance(5 * SECOND);
    assert!(!by_argument::entry(&soon).contains() && !by_value::entry(soon).contains());
    assert!(by_value::entry(late).contains());
}

#[test]
fn jitter_shortens_within_bounds() {
    #[cache(ttl = "100s", jitter = "10s")]
    fn spread(key: u64) -> u64 {
        key
    }
    #[cache(ttl = "10s", jitter = "1h")]
    fn halved(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let (mut lives, mut short_lives) = (Vec::new(), Vec::new());
    for key in 0..1000 {
        spread(key);
        halved(key);
        lives.push(spread::entry(key).info().unwrap().fresh_for.unwrap());
        short_lives.push(halved::entry(key).info().unwrap().fresh_for.unwrap());
    }
    for (lives, least, most) in [(&lives, 90, 100), (&short_lives, 5, 10)] {
        let (shortest, longest) = (*lives.iter().min().unwrap(), *lives.iter().max().unwrap());
        assert!(shortest >= SECOND * least && longest <= SECOND * most, "{shortest:?} to {longest:?}");
        // They use most of the room, evenly.
        let room = SECOND * (most - least);
        assert!(longest - shortest > room.mul_f64(0.95), "{shortest:?} to {longest:?}");
        let below = lives.iter().filter(|life| **life < SECOND * least + room / 2).count();
        assert!((400..600).contains(&below), "{below} of 1000 in the lower half");
    }
}

#[test]
fn none_has_a_life_of_its_own() {
    runs!(RUNS);
    #[cache(ttl = "1h", none_ttl = "10s")]
    fn find(key: u64) -> Option<u64> {
        RUNS.fetch_add(1, SeqCst);
        (key > 0).then_some(key)
    }
    #[cache(none_ttl = Duration::ZERO)]
    fn find_or_fail(key: u64) -> Result<Option<u64>, String> {
        match key {
            0 => Ok(None),
            9 => Err("no".into()),
            key => Ok(Some(key)),
        }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((find(0), find(1), find(0), find(1)), (None, Some(1), None, Some(1)));
    assert_eq!(RUNS.load(SeqCst), 2, "that there is nothing is kept too");
    clock.advance(10 * SECOND);
    assert!(!find::entry(0).contains() && find::entry(1).contains());
    assert!(find::entry(1).insert(None));
    assert_eq!(find::entry(1).info().unwrap().fresh_for, Some(10 * SECOND));
    // Not kept at all.
    for key in [0, 1, 9] {
        let _ = find_or_fail(key);
    }
    assert_eq!((find_or_fail::entry(0).peek(), find_or_fail::entry(1).peek()), (None, Some(Some(1))));
    assert_eq!(find_or_fail::cache().len(), 1);
}

#[test]
fn cme_31_none_is_a_value_like_any_other() {
    #[cache]
    fn find(key: u64) -> Option<u64> {
        None
    }
    assert_eq!((find(1), find(1), find::cache().stats().loads), (None, None, 1));
    assert_eq!(find::entry(1).peek(), Some(None));
}

#[test]
fn a_predicate_says_what_is_kept() {
    #[cache(cache_if = |text| !text.is_empty())]
    fn load(text: &str) -> Result<String, String> {
        if text == "fail" { Err(text.into()) } else { Ok(text.to_owned()) }
    }
    for _ in 0..2 {
        assert_eq!((load(""), load("a"), load("fail")), (Ok(String::new()), Ok("a".into()), Err("fail".into())));
    }
    assert!(!load::entry("").insert(String::new()) && load::entry("").insert("b".into()));
    assert_eq!(load(""), Ok("b".into()));
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.refusals, stats.entries), (5, 2, 3, 2));
}

#[test]
fn cty_58_an_async_function_keeps_none_and_obeys_the_same_rules() {
    #[cache(ttl = "10s", cache_if = |value| *value != Some(7))]
    async fn find(key: u64) -> Option<u64> {
        (key > 0).then_some(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for _ in 0..2 {
        assert_eq!((block_on(find(0)), block_on(find(7)), block_on(find(1))), (None, Some(7), Some(1)));
    }
    let stats = find::cache().stats();
    assert_eq!((stats.loads, stats.refusals, stats.entries), (4, 2, 2));
    clock.advance(10 * SECOND + TICK);
    assert_eq!(block_on(find::cache().len()), 0);
}

// How many.

macro_rules! keeps_exactly {
    ($name:ident, $capacity:literal) => {
        #[test]
        fn $name() {
            #[cache(capacity = $capacity)]
            fn load(key: u64) -> String {
                key.to_string()
            }
            for key in 0..$capacity * 3 {
                assert_eq!(load(key), key.to_string());
                assert_eq!(load::cache().len(), (key + 1).min($capacity));
            }
            let kept = (0..$capacity * 3).filter(|key| load::entry(*key).contains()).count();
            assert_eq!(kept, $capacity);
            let stats = load::cache().stats();
            assert_eq!((stats.entries, stats.evictions), ($capacity, $capacity * 2));
            // And what fits stays.
            load::cache().clear();
            for _ in 0..2 {
                (0..$capacity).for_each(|key| drop(load(key)));
            }
            assert_eq!(load::cache().stats().hits, $capacity);
        }
    };
}

keeps_exactly!(a_capacity_of_1_is_exact, 1);
keeps_exactly!(a_capacity_of_2_is_exact, 2);
keeps_exactly!(a_capacity_of_3_is_exact, 3);
keeps_exactly!(a_capacity_of_10_is_exact, 10);
keeps_exactly!(a_capacity_of_50_is_exact, 50);
keeps_exactly!(a_capacity_of_100_is_exact, 100);
keeps_exactly!(a_capacity_of_1024_is_exact, 1024);

#[test]
fn a_large_capacity_is_an_upper_bound() {
    #[cache(capacity = 10_000)]
    fn load(key: u64) -> u64 {
        key
    }
    (0..30_000).for_each(|key| assert_eq!(load(key), key));
    let entries = load::cache().len();
    assert!((9_000..=10_000).contains(&entries), "{entries}");
}

#[test]
fn the_last_value_is_there() {
    macro_rules! last {
        ($($name:ident $capacity:literal),*) => { $(
            #[cache(capacity = $capacity)]
            fn $name(key: u64) -> u64 {
                key
            }
            for key in 0..200 {
                $name(key * 7 % 31);
                assert!($name::entry(key * 7 % 31).contains(), "capacity {}, call {key}", $capacity);
            }
        )* };
    }
    last!(one 1, two 2, three 3, four 4, ten 10);
}

#[test]
fn many_threads_stay_within_a_capacity() {
    #[cache(capacity = 10)]
    fn load(key: u64) -> u64 {
        key
    }
    ends(|| {
        let threads = (0..8).map(|seed| {
            thread::spawn(move || {
                for step in 0..3000 {
                    let key = step * (seed + 3) % 40;
                    assert_eq!(load(key), key);
                    assert!(load::cache().len() <= 10);
                }
            })
        });
        threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!(load::cache().len(), 10);
}

/// A value that weighs what it says.
#[derive(Clone, Debug, PartialEq)]
struct Heavy(u64);

impl Weigh for Heavy {
    fn weigh(&self) -> u64 {
        self.0
    }
}

#[test]
fn max_bytes_bounds_the_weight() {
    #[cache(max_bytes = "10kB")]
    fn load(key: u64, weight: u64) -> Heavy {
        Heavy(weight)
    }
    for key in 0..100 {
        load(key, 100 + key * 7);
        let stats = load::cache().stats();
        assert!(stats.bytes <= 10_000 && stats.bytes > 0, "{stats:?}");
        assert!(stats.entries * 100 < stats.bytes);
    }
    let stats = load::cache().stats();
    assert!(stats.bytes > 7_000 && stats.evictions > 50, "{stats:?}");
    assert_eq!(stats.evictions + stats.entries, 100);
    load::cache().clear();
    assert_eq!((load::cache().stats().bytes, load::cache().len()), (0, 0));
}

#[test]
fn a_size_in_the_url_of_memory_bounds_the_weight_too() {
    #[cache(backend = "memory://?max_bytes=10kB")]
    fn load(key: u64, weight: u64) -> Heavy {
        Heavy(weight)
    }
    for key in 0..100 {
        load(key, 1_000);
        let stats = load::cache().stats();
        assert!(stats.bytes <= 10_000 && stats.bytes >= 1_000, "{stats:?}");
    }
    assert!(load::cache().len() < 10);
    assert_eq!(load::cache().stats().store_errors, 0);
}

#[test]
fn a_size_that_is_said_where_nothing_weighs_is_reported() {
    #[cache(backend = String::from("memory://?max_bytes=10kB"))]
    fn load(key: u64) -> u64 {
        key
    }
    assert_eq!((load(1), load(1)), (1, 1));
    let stats = load::cache().stats();
    assert_eq!((stats.hits, stats.store_errors), (1, 1));
}

#[test]
fn a_value_that_is_too_large_is_returned_and_not_kept() {
    #[cache(max_bytes = 1000)]
    fn load(key: u64, #[cache(ignore)] weight: u64) -> Heavy {
        Heavy(weight)
    }
    load(1, 10);
    assert_eq!((load(2, 1000), load(2, 5000)), (Heavy(1000), Heavy(5000)));
    let stats = load::cache().stats();
    assert_eq!((stats.refusals, stats.evictions, stats.entries), (2, 0, 1));
    assert!(load::entry(1).contains() && !load::entry(2).contains());
    // It takes the place of what was there before, which is out of date.
    assert_eq!(load::refresh(1, 5000), Heavy(5000));
    assert_eq!((load::entry(1).peek(), load::cache().len(), load::cache().stats().bytes), (None, 0, 0));
    assert!(load::entry(1).insert(Heavy(10)) && !load::entry(1).insert(Heavy(5000)));
    assert_eq!(load::entry(1).peek(), None);
    assert_eq!(load::cache().stats().refusals, 4);
}

#[test]
fn a_cache_of_one_thread_counts_what_was_too_large() {
    #[cache(thread_local, max_bytes = 1000)]
    fn load(key: u64, #[cache(ignore)] weight: u64) -> Heavy {
        Heavy(weight)
    }
    load(1, 10);
    load(2, 10);
    load::refresh(1, 5000);
    assert_eq!(load::cache().len(), 1);
    load::refresh(2, 20);
    assert_eq!(load::cache().len(), 1);
    load::entry(2).invalidate();
    assert_eq!((load::cache().len(), load::cache().stats().bytes), (0, 0));
}

#[test]
fn a_cache_of_one_thread_obeys_the_same_rules() {
    #[cache(thread_local, capacity = 3, ttl = "10s")]
    fn load(key: u64) -> std::rc::Rc<u64> {
        std::rc::Rc::new(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    (0..9).for_each(|key| assert_eq!(*load(key), key));
    assert_eq!(load::cache().stats().entries, 3);
    clock.advance(10 * SECOND + TICK);
    assert_eq!(load::entry(8).peek(), None);
    // It is swept when it grows.
    load(9);
    assert_eq!(load::cache().len(), 1);
}

// What nobody asks for.

#[test]
fn cme_52_removed_when_idle() {
    #[cache(ttl = "10s")]
    fn load(key: u64) -> Arc<u64> {
        Arc::new(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let value = Arc::downgrade(&load(1));
    clock.advance(10 * SECOND);
    assert_eq!(load::entry(1).peek(), None);
    clock.advance(TICK);
    assert_eq!(load::cache().len(), 0);
    assert!(value.upgrade().is_none(), "and its memory is free");
    assert_eq!(load::cache().stats().expirations, 1);
}

#[test]
fn cme_52_removed_when_idle_by_the_clock_of_the_system() {
    #[cache(ttl = "100ms")]
    fn load(key: u64) -> u64 {
        key
    }
    #[cache(tti = "100ms")]
    fn idle(key: u64) -> u64 {
        key
    }
    for key in 0..100 {
        load(key);
        idle(key);
    }
    until(|| load::cache().len() == 0 && idle::cache().len() == 0);
    assert_eq!((load::cache().stats().expirations, idle::cache().stats().expirations), (100, 100));
}

#[test]
fn what_lives_shorter_is_swept_before_what_came_earlier() {
    #[cache(ttl = Duration::from_secs(*seconds))]
    fn load(seconds: u64) -> u64 {
        seconds
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let handle: Handle = load::cache();
    for round in 0..3 {
        for seconds in [100, 50, 1, 20, 70, 2] {
            load(seconds);
        }
        let mut lengths = Vec::new();
        for wait in [1, 1, 18, 30, 20, 30] {
            assert_eq!(handle.len(), 6 - lengths.len() as u64, "round {round}");
            clock.advance(SECOND * wait + if lengths.is_empty() { TICK } else { Duration::ZERO });
            lengths.push(handle.len());
        }
        assert_eq!(lengths, [5, 4, 3, 2, 1, 0], "round {round}");
    }
}

#[test]
fn a_value_with_a_new_life_is_swept_at_its_end() {
    #[cache(ttl = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for key in 0..4 {
        load(key);
    }
    clock.advance(5 * SECOND);
    load::refresh(1);
    load::entry(2).expire_in(20 * SECOND);
    load::entry(3).expire_in(SECOND);
    let lengths = [(1, 3), (4, 2), (5, 1), (10, 0)].map(|(wait, length)| {
        clock.advance(SECOND * wait + if wait == 1 { TICK } else { Duration::ZERO });
        (load::cache().len(), length)
    });
    assert!(lengths.iter().all(|(len, expected)| len == expected), "{lengths:?}");
}

#[test]
fn keys_of_one_hash_are_told_apart_and_swept() {
    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Same(u64);
    impl std::hash::Hash for Same {
        fn hash<H: std::hash::Hasher>(&self, _state: &mut H) {}
    }
    // CME-64, and the sweep knows entries by their hash.
    #[cache(ttl = Duration::from_secs(key.0))]
    fn load(key: &Same) -> u64 {
        key.0
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for _ in 0..2 {
        (1..=10).for_each(|key| assert_eq!(load(&Same(key)), key));
    }
    assert_eq!((load::cache().len(), load::cache().stats().hits), (10, 10));
    assert_eq!(load::entry(&Same(3)).invalidate(), Removal::Removed);
    assert_eq!((load::entry(&Same(3)).peek(), load::entry(&Same(4)).peek()), (None, Some(4)));
    for second in 1..=10 {
        clock.advance(SECOND);
        for key in 1..=10 {
            let expected = (key > second && key != 3).then_some(key);
            assert_eq!(load::entry(&Same(key)).peek(), expected);
        }
    }
    clock.advance(20 * SECOND);
    assert_eq!(load::cache().len(), 0);
}

#[test]
fn cme_55_a_hundred_thousand_random_keys_leave_exactly_the_capacity() {
    #[cache(capacity = 500)]
    fn load(key: u64) -> u64 {
        key
    }
    let mut random = 1_u64;
    for _ in 0..100_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = random >> 34;
        assert_eq!(load(key), key);
    }
    assert_eq!(load::cache().len(), 500);
    assert_eq!(load::cache().stats().entries, 500);
}

#[test]
fn cme_56_short_lives_end_one_by_one_and_long_ones_stay() {
    #[cache(ttl = Duration::from_secs(*seconds))]
    fn load(seconds: u64) -> u64 {
        seconds
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    (1..=30).chain(100..130).for_each(|seconds| assert_eq!(load(seconds), seconds));
    let mut length = load::cache().len();
    assert_eq!(length, 60);
    for _ in 0..10 {
        clock.advance(5 * SECOND);
        let now = load::cache().len();
        assert!(now < length || now == 30, "{length}, then {now}");
        length = now;
    }
    assert_eq!(length, 30);
    assert!((100..130).all(|seconds| load::entry(seconds).contains()));
    assert_eq!(load::cache().stats().expirations, 30);
}

#[test]
fn cme_58_many_values_go_without_being_asked_for() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Key(u64);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    // 5 to 10 s, in milliseconds.
    #[cache(ttl = Duration::from_millis(5000 + key.0 * 7919 % 5000))]
    fn load(key: Key) -> Arc<Counted> {
        let _ = key;
        Arc::new(Counted)
    }
    const COUNT: u64 = 50_000;
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for key in 0..COUNT {
        load(Key(key));
    }
    let mut length = load::cache().len();
    assert_eq!(length, COUNT);
    for _ in 0..21 {
        clock.advance(SECOND / 2);
        let now = load::cache().len();
        assert!(now <= length);
        length = now;
    }
    assert_eq!((length, DROPPED.load(SeqCst)), (0, COUNT));
    assert_eq!(load::cache().stats().expirations, COUNT);
}

// What has expired is not there.

#[test]
fn cty_19_an_expired_value_gives_way() {
    #[cache(ttl = "10s", ignore = [value])]
    fn load(key: u64, value: u64) -> u64 {
        value
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1, 1);
    clock.advance(10 * SECOND);
    // It is not swept yet, but gone: a load stores, and an insertion is kept.
    assert_eq!((load(1, 2), load::entry(1).peek()), (2, Some(2)));
    clock.advance(10 * SECOND);
    assert!(load::entry(1).insert(3));
    assert_eq!((load(1, 4), load::cache().len()), (3, 1));
}

#[test]
fn cty_20_the_removal_of_an_expired_value_finds_nothing() {
    #[cache(ttl = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1);
    clock.advance(10 * SECOND);
    assert_eq!(load::entry(1).invalidate(), Removal::Absent);
    assert_eq!(load::cache().len(), 0, "though it is removed");
    load(1);
    assert_eq!(load::entry(1).invalidate(), Removal::Removed);
    assert_eq!(load::entry(1).invalidate(), Removal::Absent);
}

#[test]
fn cty_16_a_life_given_to_nothing() {
    #[cache]
    fn load(key: u64) -> u64 {
        key
    }
    assert!(!load::entry(1).expire_in(SECOND));
    assert_eq!((load::entry(1).peek(), load::cache().len()), (None, 0));
}

#[test]
fn cme_62_an_error_is_not_kept_and_a_value_is_until_it_expires() {
    runs!(RUNS);
    #[cache(ttl = "10s")]
    async fn load(key: u64) -> Result<u64, String> {
        match RUNS.fetch_add(1, SeqCst) {
            0 => Err("first".into()),
            run => Ok(run),
        }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let call = || block_on(load(1));
    assert_eq!((call(), call(), call()), (Err("first".into()), Ok(1), Ok(1)));
    clock.advance(10 * SECOND);
    assert_eq!(call(), Ok(2));
}
