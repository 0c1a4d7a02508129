//! Calls that want values no older than they say.

use std::{
    sync::{Barrier, LazyLock},
    thread,
    time::Duration,
};

use cacher::{cache, no_older_than, testing::ManualClock};
use futures::executor::block_on;

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
    support::{ends, until},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_older_value_is_loaded_anew_for_all() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "1h")]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let young = || no_older_than(10 * SECOND, || value(1));
    assert_eq!((young(), young(), value(1)), (1, 1, 1));
    clock.advance(10 * SECOND);
    assert_eq!((young(), value(1)), (1, 1));
    clock.advance(SECOND);
    assert_eq!((value(1), young(), value(1), young()), (1, 2, 2, 2));
    assert_eq!(value::cache().stats().loads, 2);
}

#[test]
fn stores_are_asked_for_the_age() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = STORE.clone(), ttl = "1h")]
    async fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let young = || block_on(no_older_than(10 * SECOND, value(1)));
    assert_eq!((young(), young()), (1, 1));
    clock.advance(11 * SECOND);
    assert_eq!((block_on(value(1)), young(), young(), block_on(value(1))), (1, 2, 2, 2));
}

#[test]
fn nothing_old_stands_in() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_if_error = "1h", stale_while_revalidate = "1h")]
    fn value(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(value(1), Ok(1));
    clock.advance(20 * SECOND);
    SOURCE.is(State::Down);
    assert_eq!(no_older_than(15 * SECOND, || value(1)), Err(Failure::Down));
    assert_eq!(value(1), Ok(1), "others still get it");
    SOURCE.is(State::Up);
    assert_eq!((no_older_than(15 * SECOND, || value(1)), value(1)), (Ok(4), Ok(4)));
}

#[test]
fn one_body_runs_for_all_who_want_a_younger_value() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    static LOADING: Barrier = Barrier::new(2);
    #[cache(ttl = "1h")]
    fn value(key: u64) -> u64 {
        let read = SOURCE.read().unwrap();
        if read > 1 {
            LOADING.wait();
            LOADING.wait();
        }
        read
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(value(1), 1);
        clock.advance(20 * SECOND);
        let young = || no_older_than(10 * SECOND, || value(1));
        thread::scope(|scope| {
            let leads = scope.spawn(young);
            LOADING.wait();
            let follow: Vec<_> = (0..3).map(|_| scope.spawn(young)).collect();
            until(|| value::cache().stats().waits == 3);
            assert_eq!(value(1), 1, "who does not mind does not wait");
            LOADING.wait();
            assert_eq!(leads.join().unwrap(), 2);
            follow.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), 2));
        });
    });
}

#[test]
fn a_batch_with_an_older_item_is_loaded() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(batch = ids, ttl = "1h")]
    fn values(ids: &[u64]) -> Vec<u64> {
        let read = SOURCE.read().unwrap();
        ids.iter().map(|id| id * 10 + read).collect()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let young = |ids: &[u64]| no_older_than(10 * SECOND, || values(ids));
    assert_eq!(young(&[1, 2]), [11, 21]);
    clock.advance(6 * SECOND);
    assert_eq!((young(&[1, 2]), young(&[3, 2])), (vec![11, 21], vec![32, 21]));
    clock.advance(6 * SECOND);
    assert_eq!((values(&[1, 3]), young(&[3]), young(&[1, 3])), (vec![11, 32], vec![32], vec![13, 33]));
}
