//! Values past their time that stand in for what a body has failed to load.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
    time::Duration,
};

use cacher::{Cache, cache, testing::ManualClock};

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
    support::panics,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

#[test]
fn an_error_is_answered_by_the_old_value_in_the_window_and_not_past_it() {
    #[cache(ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn value(key: u64, source: &Source) -> Result<u64, Failure> {
        source.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    source.is(State::Down);
    assert_eq!(value(1, &source), Err(Failure::Down), "there is none");
    source.is(State::Up);
    assert_eq!(value(1, &source), Ok(2));
    source.is(State::Down);
    assert_eq!(value(1, &source), Ok(2), "a hit");
    clock.advance(10 * SECOND);
    assert_eq!(value(1, &source), Ok(2), "an old one");
    let stats = value::cache().stats();
    assert_eq!((stats.stale_hits, stats.load_failures), (1, 2), "{stats:?}");
    clock.advance((3600 * SECOND).checked_sub(MILLI).unwrap());
    assert_eq!(value(1, &source), Ok(2), "the last moment");
    clock.advance(MILLI);
    assert_eq!(value(1, &source), Err(Failure::Down));
    source.is(State::Up);
    assert!(value(1, &source).is_ok());
}

#[test]
fn while_the_source_is_down_it_is_asked_at_times_only() {
    #[cache(ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn value(key: u64, source: &Source) -> Result<u64, Failure> {
        source.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    assert_eq!(value(1, &source), Ok(1));
    source.is(State::Down);
    clock.advance(10 * SECOND);
    for _ in 0..10 {
        assert_eq!(value(1, &source), Ok(1));
    }
    assert_eq!(source.reads(), 2);
    assert_eq!(value(2, &source), Err(Failure::Down), "of another key nothing is known");
    clock.advance(SECOND);
    source.is(State::Up);
    assert_eq!((value(1, &source), source.reads()), (Ok(4), 4), "it is tried again after a second");
}

#[test]
fn a_fresh_value_answers_all_as_soon_as_there_is_one() {
    #[cache(ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn value(key: u64, source: &Source) -> Result<u64, Failure> {
        source.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    assert_eq!(value(1, &source), Ok(1));
    source.is(State::Down);
    clock.advance(10 * SECOND);
    assert_eq!(value(1, &source), Ok(1));
    value::entry(1).insert(7);
    assert_eq!(value(1, &source), Ok(7));
}

#[test]
fn a_panic_is_answered_by_the_old_value_and_goes_on_without_one() {
    #[cache(ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn value(key: u64, source: &Source) -> u64 {
        source.read().unwrap()
    }
    #[cache(ttl = "10s", stale_if_error = "1h", ignore = [source])]
    async fn value_async(key: u64, source: &Source) -> u64 {
        source.read().unwrap()
    }
    let block_on = futures::executor::block_on::<futures::future::BoxFuture<'_, u64>>;
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    assert_eq!((value(1, &source), block_on(Box::pin(value_async(1, &source)))), (1, 2));
    source.is(State::Broken);
    clock.advance(10 * SECOND);
    assert_eq!((value(1, &source), block_on(Box::pin(value_async(1, &source)))), (1, 2));
    assert_eq!(panics(|| value(2, &source)), "broken");
    let thrown = catch_unwind(AssertUnwindSafe(|| block_on(Box::pin(value_async(2, &source)))));
    assert!(thrown.is_err());
    source.is(State::Up);
    assert!(value(2, &source) > 2, "nothing is left in flight");
}

#[test]
fn what_is_invalidated_stands_in_for_nothing() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn value(key: u64, source: &Source) -> Result<u64, Failure> {
        source.read()
    }
    #[cache(backend = ["memory://", STORE.clone()], ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn stored(key: u64, source: &Source) -> Result<u64, Failure> {
        source.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    for key in 0..2 {
        value(key, &source).unwrap();
        stored(key, &source).unwrap();
    }
    source.is(State::Down);
    clock.advance(10 * SECOND);
    value::entry(0).invalidate();
    stored::entry(0).invalidate();
    assert_eq!((value(0, &source), stored(0, &source)), (Err(Failure::Down), Err(Failure::Down)));
    assert!(value(1, &source).is_ok() && stored(1, &source).is_ok());
    value::cache().clear();
    stored::cache().clear();
    assert_eq!((value(1, &source), stored(1, &source)), (Err(Failure::Down), Err(Failure::Down)));
}

#[test]
fn an_old_value_of_a_store_stands_in_too() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = STORE.clone(), ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn value(key: u64, source: &Source) -> Result<u64, Failure> {
        source.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    assert_eq!(value(1, &source), Ok(1));
    source.is(State::Down);
    clock.advance((10 * SECOND + 3600 * SECOND).checked_sub(MILLI).unwrap());
    assert_eq!(value(1, &source), Ok(1));
    clock.advance(MILLI);
    assert_eq!(value(1, &source), Err(Failure::Down));
}

#[test]
fn of_a_batch_that_fails_old_values_stand_in_if_there_is_one_for_each_item() {
    #[cache(batch = ids, ttl = "10s", stale_if_error = "1h", ignore = [source])]
    fn values(ids: &[u64], source: &Source) -> Result<Vec<u64>, Failure> {
        let read = source.read()?;
        Ok(ids.iter().map(|id| id * 100 + read).collect())
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let source = Source::default();
    assert_eq!(values(&[1, 2], &source), Ok(vec![101, 201]));
    source.is(State::Down);
    clock.advance(10 * SECOND);
    assert_eq!(values(&[1, 2], &source), Ok(vec![101, 201]));
    clock.advance(SECOND);
    assert_eq!(values(&[1, 2, 3], &source), Err(Failure::Down));
    let held_back = source.reads();
    assert_eq!((values(&[2], &source), source.reads()), (Ok(vec![201]), held_back + 1));
}

#[test]
fn cch_64_a_store_that_fails_costs_the_others_nothing() {
    let stores = [Gated::default(), Gated::default()];
    for failing in 0..2 {
        let cache = Cache::<u64, u64>::builder().name(format!("cch_64_{failing}"));
        let cache = stores.iter().cloned().fold(cache, cacher::CacheBuilder::backend).build().unwrap();
        stores.iter().for_each(Gated::empty);
        stores[failing].fail(true);
        cache.set(&1, 10);
        assert_eq!((stores[failing].len(), stores[1 - failing].len()), (0, 1));
        assert_eq!((cache.stats().store_errors, cache.get(&1)), (1, Some(10)), "and it is told");
        stores[failing].fail(false);
        cache.set(&1, 11);
        assert_eq!((stores[failing].len(), stores[1 - failing].len(), cache.get(&1)), (1, 1, Some(11)));
    }
}
