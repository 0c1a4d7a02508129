//! Several places for entries, each with a time to live of its own.

use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

use cacher::{Cache, Source, cache, testing::ManualClock};

const SECOND: Duration = Duration::from_secs(1);

fn in_memory(info: Option<cacher::Info>) -> Option<(bool, Duration)> {
    info.map(|info| (info.source == Source::Memory, info.fresh_for.unwrap()))
}

#[test]
fn each_place_has_a_time_to_live_of_its_own() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = ["memory://?ttl=10s", "memory://?format=msgpack&ttl=1h"], ttl = "1d")]
    fn value() -> u64 {
        LOADS.fetch_add(1, SeqCst)
    }
    let clock = ManualClock::new();
    let _time = clock.enter();
    assert_eq!(value(), 0);
    assert_eq!(in_memory(value::entry().info()), Some((true, 10 * SECOND)));
    clock.advance(11 * SECOND);
    assert_eq!(in_memory(value::entry().info()), Some((false, 3589 * SECOND)));
    assert_eq!(value(), 0, "from the store, and back into memory");
    assert_eq!(in_memory(value::entry().info()), Some((true, 10 * SECOND)));
    clock.advance(3584 * SECOND);
    assert_eq!(value(), 0);
    assert_eq!(in_memory(value::entry().info()), Some((true, 5 * SECOND)), "never longer than it has left");
    clock.advance(6 * SECOND);
    assert_eq!(value::entry().info(), None);
    assert_eq!(value(), 1);
}

#[test]
fn a_shorter_life_of_the_function_counts() {
    #[cache(backend = ["memory://?ttl=1h", "memory://?format=msgpack&ttl=1h"], ttl = "10s")]
    fn value() -> u64 {
        1
    }
    let clock = ManualClock::new();
    let _time = clock.enter();
    value();
    assert_eq!(in_memory(value::entry().info()), Some((true, 10 * SECOND)));
    clock.advance(11 * SECOND);
    assert_eq!(value::entry().info(), None);
}

#[test]
fn a_time_to_live_of_a_place_is_said_in_words_that_are_wrong() {
    for url in ["memory://?ttl=0s", "memory://?ttl=soon", "memory://?format=msgpack&ttl="] {
        let error = Cache::<u64, u64>::builder().backend(url).build().expect_err(url).to_string();
        assert!(error.contains("is no time to live: write `ttl=30s`"), "{error}");
    }
    let error = cacher::register("with a ttl", "memory://?format=msgpack&ttl=1s").expect_err("refused").to_string();
    assert!(error.contains("no `ttl` of its own"), "{error}");
}
