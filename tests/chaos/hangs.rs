//! Stores that hang, where a caller need not wait for them: writes in the background, and what async callers wait for
//! elsewhere. A sync caller waits for its store, whatever that does.

use std::{
    pin::pin,
    sync::LazyLock,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use cacher::{
    backend::bytes::Bytes,
    cache,
    testing::{Chaos, ManualClock, Operation, Trouble},
};

use crate::support::{HANG, ends, poll_once};

const PROBABILITIES: [f64; 3] = [0.1, 0.5, 1.0];

#[test]
fn who_writes_in_the_background_is_kept_by_no_write_that_hangs() {
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(|| Chaos::new(Bytes::new()));
    #[cache(backend = STORE.clone(), write = background, ttl = "1h")]
    fn load(cell: usize, key: u64) -> u64 {
        key * 10
    }
    ends(|| {
        for (cell, probability) in PROBABILITIES.into_iter().enumerate() {
            drop(STORE.clone().chance(Operation::Put, Trouble::Hang, probability));
            for _ in 0..2 {
                (0..300).for_each(|key| assert_eq!(load(cell, key), key * 10));
            }
            let stats = load::cache().stats();
            assert_eq!((stats.loads, stats.hits), (300 * (cell as u64 + 1), 300 * (cell as u64 + 1)), "{stats:?}");
            STORE.calm();
            until(|| {
                STORE.release();
                load::cache().len() == 300 * (cell as u64 + 1)
            });
        }
        assert!(STORE.count(Operation::Put, Trouble::Hang) > 0);
        assert_eq!(load::cache().stats().store_errors, 0);
    });
}

#[test]
fn who_follows_a_caller_whose_store_hangs_loses_patience() {
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(|| Chaos::new(Bytes::new()));
    #[cache(backend = STORE.clone(), patience = "5s")]
    async fn load(cell: usize, key: u64) -> u64 {
        key * 10
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        for (cell, probability) in PROBABILITIES.into_iter().enumerate() {
            drop(STORE.clone().seed(1).chance(Operation::Get, Trouble::Hang, probability));
            let mut hung = 0;
            // What hangs holds one of 16 worker threads each, which all stores of plain functions share.
            for key in (0..30).take_while(|_| STORE.hanging() < 6) {
                let mut leads = Box::pin(load(cell, key));
                let mut led = None;
                // It hangs, or is done on a worker thread in a moment.
                let before = STORE.asked(Operation::Get);
                until(|| STORE.asked(Operation::Get) > before || led_is(&mut led, &mut leads));
                until(|| STORE.hanging() > hung || led_is(&mut led, &mut leads));
                if led.is_some() {
                    assert_eq!(led, Some(key * 10));
                    continue;
                }
                hung = STORE.hanging();
                let mut follows = pin!(load(cell, key));
                assert!(poll_once(&mut follows).is_pending());
                clock.advance(Duration::from_secs(5));
                let mut followed = None;
                until(|| led_is(&mut followed, &mut follows));
                assert_eq!(followed, Some(key * 10));
            }
            assert!(hung > 0, "{probability}");
            STORE.calm();
            until(|| STORE.hanging() == 0);
        }
        assert!(load::cache().stats().lone_loads > 0);
    });
}

/// Waits until `reached` holds.
#[track_caller]
fn until(mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < HANG, "never reached");
        thread::yield_now();
    }
}

/// Polls a future that is not done yet, and says whether it is.
fn led_is<F: Future + Unpin>(done: &mut Option<F::Output>, future: &mut F) -> bool {
    if done.is_none()
        && let Poll::Ready(output) = poll_once(future)
    {
        *done = Some(output);
    }
    done.is_some()
}

#[test]
fn a_call_that_is_given_up_while_its_store_hangs_leaves_the_key_to_others() {
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(|| Chaos::new(Bytes::new()));
    #[cache(backend = STORE.clone())]
    async fn load(key: u64) -> u64 {
        key * 10
    }
    ends(|| {
        drop(STORE.clone().chance(Operation::Get, Trouble::Hang, 1.0));
        for key in 0..20 {
            let mut given_up = Box::pin(load(key));
            until(|| poll_once(&mut given_up).is_pending() && STORE.hanging() == 1);
            drop(given_up);
            STORE.release();
            until(|| STORE.hanging() == 0);
            let mut call = Box::pin(load(key));
            let mut called = None;
            until(|| {
                STORE.release();
                led_is(&mut called, &mut call)
            });
            assert_eq!(called, Some(key * 10));
        }
    });
}

#[test]
fn while_a_removal_hangs_calls_are_answered() {
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(|| Chaos::new(Bytes::new()));
    #[cache(backend = STORE.clone())]
    async fn load(key: u64) -> u64 {
        key * 10
    }
    ends(|| {
        let call = |key| {
            let (mut call, mut called) = (Box::pin(load(key)), None);
            until(|| led_is(&mut called, &mut call));
            called.unwrap()
        };
        assert_eq!(call(1), 10);
        drop(STORE.clone().chance(Operation::Remove, Trouble::Hang, 1.0));
        let entry = load::entry(1);
        let mut removal = pin!(entry.invalidate());
        until(|| poll_once(&mut removal).is_pending() && STORE.hanging() == 1);
        assert_eq!((call(1), call(2)), (10, 20));
        STORE.calm();
        until(|| poll_once(&mut removal).is_ready());
    });
}
