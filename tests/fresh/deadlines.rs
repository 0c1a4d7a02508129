//! Bodies that take longer than they may.

use std::{
    future::pending,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

use cacher::{Kind, cache, testing::ManualClock};

use crate::{
    source::{Failure, Source},
    support::{Gate, ends, poll_once, until},
};

const SECOND: Duration = Duration::from_secs(1);

/// Holds up who reads it while it is closed.
#[derive(Default)]
struct Slow {
    source: Source,
    hangs: AtomicBool,
    door: Gate,
}

impl Slow {
    fn read(&self) -> Result<u64, Failure> {
        let read = self.source.read();
        if self.hangs.load(SeqCst) {
            self.door.pass();
        }
        read
    }

    async fn read_async(&self) -> Result<u64, Failure> {
        let read = self.source.read();
        if self.hangs.load(SeqCst) {
            pending::<()>().await;
        }
        read
    }
}

#[test]
fn past_a_soft_timeout_callers_get_the_old_value_and_the_load_goes_on() {
    #[cache(ttl = "10s", stale_if_error = "1h", soft_timeout = "2s", refresh = background, ignore = [slow])]
    fn value(key: u64, slow: Arc<Slow>) -> Result<u64, Failure> {
        slow.read()
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let slow = Arc::new(Slow::default());
        let get = || value(1, Arc::clone(&slow));
        assert_eq!(get(), Ok(1));
        clock.advance(10 * SECOND);
        slow.hangs.store(true, SeqCst);
        thread::scope(|scope| {
            let callers: Vec<_> = (0..3).map(|_| scope.spawn(get)).collect();
            until(|| slow.source.reads() == 2);
            // Callers who come only now find the load as late.
            clock.advance(2 * SECOND);
            for caller in callers {
                assert_eq!(caller.join().unwrap(), Ok(1));
            }
        });
        assert_eq!((get(), slow.source.reads()), (Ok(1), 2), "the deadline of the load, not of the call");
        slow.door.open();
        until(|| value::entry(1).peek() == Some(2));
        assert_eq!((get(), slow.source.reads()), (Ok(2), 2));
    });
}

#[test]
fn a_load_that_ends_before_the_soft_timeout_is_waited_for() {
    #[cache(ttl = "10s", stale_if_error = "1h", soft_timeout = "2s", refresh = background, ignore = [slow])]
    async fn value(key: u64, slow: Arc<Slow>) -> Result<u64, Failure> {
        slow.read()
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let slow = Arc::new(Slow::default());
        let get = || futures::executor::block_on(value(1, Arc::clone(&slow)));
        assert_eq!(get(), Ok(1));
        clock.advance(10 * SECOND);
        assert_eq!(get(), Ok(2));
    });
}

#[test]
fn past_a_hard_timeout_all_callers_get_an_error() {
    #[cache(hard_timeout = "5s", ignore = [slow])]
    async fn value(key: u64, slow: &Slow) -> Result<u64, Failure> {
        slow.read_async().await
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let slow = Slow::default();
    slow.hangs.store(true, SeqCst);
    let mut leads = pin!(value(1, &slow));
    let mut follows = pin!(value(1, &slow));
    assert!(poll_once(&mut leads).is_pending() && poll_once(&mut follows).is_pending());
    clock.advance((5 * SECOND).checked_sub(Duration::from_millis(1)).unwrap());
    assert!(poll_once(&mut leads).is_pending() && poll_once(&mut follows).is_pending());
    clock.advance(Duration::from_millis(1));
    let late = Poll::Ready(Err(Failure::Cache(Kind::TimedOut)));
    assert_eq!((poll_once(&mut follows), poll_once(&mut leads)), (late.clone(), late));
    slow.hangs.store(false, SeqCst);
    assert_eq!(poll_once(&mut pin!(value(1, &slow))), Poll::Ready(Ok(2)), "the key is free");
    assert_eq!(value::cache().stats().load_failures, 1);
}

#[test]
fn past_a_hard_timeout_nobody_begins_another_wait() {
    #[cache(hard_timeout = "5s", ignore = [slow])]
    async fn value(key: u64, slow: &Slow) -> Result<u64, Failure> {
        slow.read_async().await
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let slow = Slow::default();
    slow.hangs.store(true, SeqCst);
    let mut callers: Vec<_> = (0..3).map(|_| Box::pin(value(1, &slow))).collect();
    assert!(callers.iter_mut().all(|caller| poll_once(caller).is_pending()));
    clock.advance(5 * SECOND);
    // The one who loads is the first to be told.
    for caller in &mut callers {
        assert_eq!(poll_once(caller), Poll::Ready(Err(Failure::Cache(Kind::TimedOut))));
    }
    assert_eq!(slow.source.reads(), 1);
}

#[test]
fn past_a_hard_timeout_an_old_value_is_better_than_an_error() {
    #[cache(ttl = "10s", stale_if_error = "1h", hard_timeout = "5s", ignore = [slow])]
    async fn value(key: u64, slow: &Slow) -> Result<u64, Failure> {
        slow.read_async().await
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let slow = Slow::default();
    assert_eq!(poll_once(&mut pin!(value(1, &slow))), Poll::Ready(Ok(1)));
    clock.advance(10 * SECOND);
    slow.hangs.store(true, SeqCst);
    let mut late = pin!(value(1, &slow));
    let mut later = pin!(value(1, &slow));
    assert!(poll_once(&mut late).is_pending() && poll_once(&mut later).is_pending());
    clock.advance(5 * SECOND);
    assert_eq!((poll_once(&mut late), poll_once(&mut later)), (Poll::Ready(Ok(1)), Poll::Ready(Ok(1))));
}

#[test]
fn a_sync_body_is_waited_for_by_its_caller_alone() {
    #[cache(hard_timeout = "5s", ignore = [slow])]
    fn value(key: u64, slow: &Slow) -> Result<u64, Failure> {
        slow.read()
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let _ = value::cache().stats();
        let slow = Slow::default();
        slow.hangs.store(true, SeqCst);
        thread::scope(|scope| {
            let leads = scope.spawn(|| value(1, &slow));
            until(|| slow.source.reads() == 1);
            let follows = scope.spawn(|| value(1, &slow));
            until(|| {
                clock.advance(SECOND);
                follows.is_finished()
            });
            assert_eq!(follows.join().unwrap(), Err(Failure::Cache(Kind::TimedOut)));
            slow.door.open();
            assert_eq!(leads.join().unwrap(), Ok(1), "it can't be stopped, and its value is as good as any");
        });
        assert_eq!(value(1, &slow), Ok(1));
    });
}

#[test]
fn a_sync_body_in_the_background_keeps_nobody_past_a_hard_timeout() {
    #[cache(hard_timeout = "5s", abandon_after = "10s", refresh = background, ignore = [slow])]
    fn value(key: u64, slow: Arc<Slow>) -> Result<u64, Failure> {
        slow.read()
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let _ = value::cache().stats();
        let slow = Arc::new(Slow::default());
        slow.hangs.store(true, SeqCst);
        thread::scope(|scope| {
            let leads = scope.spawn(|| value(1, Arc::clone(&slow)));
            until(|| {
                clock.advance(SECOND);
                leads.is_finished()
            });
            assert_eq!(leads.join().unwrap(), Err(Failure::Cache(Kind::TimedOut)));
        });
        clock.advance(10 * SECOND);
        slow.hangs.store(false, SeqCst);
        let second = value(1, Arc::clone(&slow)).unwrap();
        assert_eq!(second, slow.source.reads(), "the key is free");
        slow.door.open();
        // The late value is dropped: what was loaded after it is there.
        until(|| value::cache().stats().load_failures == 0 && value(1, Arc::clone(&slow)) == Ok(second));
    });
}

#[test]
fn bodies_that_hang_keep_no_thread_from_what_the_library_does() {
    static GO_ON: Gate = Gate::new();
    #[cache(hard_timeout = "10ms", refresh = background)]
    fn hangs(key: u64) -> Result<u64, Failure> {
        GO_ON.pass();
        Ok(key)
    }
    #[cache(ttl = "10ms")]
    fn swept(key: u64) -> u64 {
        key
    }
    ends(|| {
        for key in 0..50 {
            assert_eq!(hangs(key), Err(Failure::Cache(Kind::TimedOut)));
        }
        assert_eq!(swept(1), 1);
        until(|| swept::cache().len() == 0);
        GO_ON.open();
        until(|| hangs::cache().len() == 50);
    });
}

#[test]
fn an_abandoned_load_frees_its_key_and_its_value_does_not_replace_a_newer_one() {
    #[cache(abandon_after = "10s", ignore = [slow])]
    async fn value(key: u64, slow: &Slow) -> Result<u64, Failure> {
        let read = slow.source.read();
        if slow.hangs.load(SeqCst) {
            let mut first = true;
            std::future::poll_fn(|_| if std::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) }).await;
        }
        read
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let slow = Slow::default();
    slow.hangs.store(true, SeqCst);
    let mut hangs = pin!(value(1, &slow));
    assert!(poll_once(&mut hangs).is_pending());
    let mut follows = pin!(value(1, &slow));
    assert!(poll_once(&mut follows).is_pending());
    slow.hangs.store(false, SeqCst);
    clock.advance(10 * SECOND);
    assert_eq!(poll_once(&mut follows), Poll::Ready(Ok(2)), "it leads the next load");
    assert_eq!(poll_once(&mut hangs), Poll::Ready(Ok(1)), "its own caller gets what it loaded");
    assert_eq!(poll_once(&mut pin!(value(1, &slow))), Poll::Ready(Ok(2)), "and nobody else");
}

#[test]
fn a_late_value_is_kept_if_there_is_no_newer_one() {
    #[cache(abandon_after = "10s", ignore = [slow])]
    fn value(key: u64, slow: &Slow) -> Result<u64, Failure> {
        slow.read()
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let _ = value::cache().stats();
        let slow = Slow::default();
        slow.hangs.store(true, SeqCst);
        thread::scope(|scope| {
            let hangs = scope.spawn(|| value(1, &slow));
            until(|| slow.source.reads() == 1);
            clock.advance(20 * SECOND);
            slow.door.open();
            assert_eq!(hangs.join().unwrap(), Ok(1));
        });
        assert_eq!((value(1, &slow), slow.source.reads()), (Ok(1), 1));
    });
}
