//! Errors that answer calls for a while.

use std::{sync::LazyLock, time::Duration};

use cacher::{cache, testing::ManualClock};

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
    support::poll_once,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

#[derive(Clone, Debug, PartialEq)]
enum Problem {
    NotFound,
    Down,
}

fn is_lasting(problem: &Problem) -> bool {
    *problem == Problem::NotFound
}

#[test]
fn errors_that_last_answer_calls_and_others_do_not() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "1h", error_ttl = "30s", error_if = is_lasting)]
    fn load(key: u64) -> Result<u64, Problem> {
        let read = SOURCE.read().map_err(|_| Problem::Down)?;
        if key == 0 { Err(Problem::NotFound) } else { Ok(read) }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((load(0), load(0), SOURCE.reads()), (Err(Problem::NotFound), Err(Problem::NotFound), 1));
    clock.advance((30 * SECOND).checked_sub(MILLI).unwrap());
    assert_eq!((load(0), SOURCE.reads()), (Err(Problem::NotFound), 1));
    clock.advance(MILLI);
    assert_eq!((load(0), SOURCE.reads()), (Err(Problem::NotFound), 2));
    SOURCE.is(State::Down);
    assert_eq!((load(1), load(1), SOURCE.reads()), (Err(Problem::Down), Err(Problem::Down), 4));
    let stats = load::cache().stats();
    assert_eq!((stats.error_hits, stats.hits, stats.loads), (2, 0, 4), "{stats:?}");
}

#[test]
fn an_error_is_forgotten_with_its_entry() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "1h", error_ttl = "30s", error_if = |problem| *problem == Problem::NotFound)]
    fn load(key: u64) -> Result<u64, Problem> {
        SOURCE.read().map_err(|_| Problem::NotFound)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    SOURCE.is(State::Down);
    assert_eq!((load(0), load(1), load(2)), (Err(Problem::NotFound), Err(Problem::NotFound), Err(Problem::NotFound)));
    SOURCE.is(State::Up);
    load::entry(0).invalidate();
    load::entry(1).insert(100);
    assert_eq!((load(0), load(1), load(2)), (Ok(4), Ok(100), Err(Problem::NotFound)));
    load::entry(1).invalidate();
    assert_eq!(load(1), Ok(5), "what was inserted has taken its place");
    load::cache().clear();
    assert_eq!(load(2), Ok(6));
}

#[test]
fn an_error_of_a_load_that_began_before_an_invalidation_answers_nobody_after_it() {
    #[cache(error_ttl = "30s", error_if = is_lasting, ignore = [open])]
    async fn load(key: u64, open: &std::cell::Cell<bool>) -> Result<u64, Problem> {
        std::future::poll_fn(|_| if open.get() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }).await;
        if open.replace(false) { Err(Problem::NotFound) } else { Ok(1) }
    }
    let open = std::cell::Cell::new(false);
    let mut first = std::pin::pin!(load(1, &open));
    assert!(poll_once(&mut first).is_pending());
    futures::executor::block_on(load::entry(1).invalidate());
    open.set(true);
    assert_eq!(poll_once(&mut first), std::task::Poll::Ready(Err(Problem::NotFound)));
    open.set(true);
    assert_eq!(futures::executor::block_on(load(1, &open)), Err(Problem::NotFound), "loaded again, and kept");
    assert_eq!(load::cache().stats().loads, 2);
}

#[test]
fn a_value_of_a_store_comes_before_an_error() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = STORE.clone(), ttl = "1h", error_ttl = "30s", error_if = is_lasting)]
    fn load(key: u64) -> Result<u64, Problem> {
        SOURCE.read().map_err(|_| Problem::NotFound)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), Ok(1));
    SOURCE.is(State::Down);
    assert_eq!(load::refresh(1), Err(Problem::NotFound));
    assert_eq!((load(1), SOURCE.reads()), (Ok(1), 2), "the value is alive");
    assert_eq!((load(2), load(2), SOURCE.reads()), (Err(Problem::NotFound), Err(Problem::NotFound), 3));
}

#[test]
fn an_error_that_lasts_is_an_answer_that_no_old_value_stands_in_for() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_if_error = "1h", error_ttl = "30s", error_if = |failure| *failure == Failure::Down)]
    fn load(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), Ok(1));
    clock.advance(10 * SECOND);
    SOURCE.is(State::Down);
    assert_eq!((load(1), load(1), SOURCE.reads()), (Err(Failure::Down), Err(Failure::Down), 2));
}

#[test]
fn errors_are_bounded() {
    #[cache(error_ttl = "1h", error_if = is_lasting)]
    fn load(key: u64) -> Result<u64, Problem> {
        Err(Problem::NotFound)
    }
    for key in 0..50_000 {
        load(key).unwrap_err();
    }
    let before = load::cache().stats().loads;
    for key in 0..50_000 {
        load(key).unwrap_err();
    }
    let again = load::cache().stats().loads - before;
    assert!(again >= 40_000, "no more than 10 000 are kept: {again}");
    assert_eq!((load(49_999), load::cache().stats().loads - before), (Err(Problem::NotFound), again));
}
