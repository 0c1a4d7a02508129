//! A store that is slow makes no value older than it may be.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{
    Cache,
    backend::bytes::Bytes,
    cache,
    testing::{Chaos, ManualClock, Operation, Trouble},
};

const SECOND: Duration = Duration::from_secs(1);

/// A store whose operations of one kind take 6 s.
fn slow(operation: Operation) -> Chaos<Bytes> {
    Chaos::new(Bytes::new()).delays(0.0, 6 * SECOND).chance(operation, Trouble::Delay, 1.0)
}

#[test]
fn a_life_begins_before_the_value_is_written() {
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(|| slow(Operation::Put));
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = ["memory://", STORE.clone()], ttl = "10s")]
    fn load(key: u64) -> u64 {
        LOADS.fetch_add(1, SeqCst)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), 0);
    clock.advance(3 * SECOND);
    assert_eq!(load(1), 0);
    clock.advance(SECOND);
    assert_eq!(load(1), 1);
}

#[test]
fn a_value_that_is_copied_upward_slowly_lives_no_longer() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let lower = Chaos::new(Bytes::new());
    let builder = || Cache::builder().name("copied_upward").ttl(10 * SECOND);
    let before: Cache<u64, u64> = builder().backend(lower.clone()).build().unwrap();
    before.set(&1, 0);
    drop(before);
    let upper = slow(Operation::Put);
    let cache = builder().backend("memory://").backend(upper.clone()).backend(lower).build().unwrap();
    let load = || cache.get_or_load(&1, || 1);
    assert_eq!((load(), upper.asked(Operation::Put)), (0, 1));
    clock.advance(3 * SECOND);
    assert_eq!(load(), 0);
    clock.advance(SECOND);
    assert_eq!(load(), 1);
}
