//! Law 3: one load in flight per key, and nobody hangs.

use std::{
    future::{pending, ready},
    sync::{Arc, Barrier, atomic::Ordering::SeqCst, mpsc},
    task::Poll,
    thread,
    time::Duration,
};

use cacher::{Stats, cache, testing::ManualClock};
use futures::StreamExt as _;
use tokio::{runtime, sync::Semaphore, task};

use crate::support::{Gate, HANG, advance_until, block_on, ends, panics, poll_once, runs, until, until_async};

const SECOND: Duration = Duration::from_secs(1);
/// The default of `patience`.
const PATIENCE: Duration = Duration::from_secs(30);

fn current_thread() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn many_threads() -> runtime::Runtime {
    runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

/// How many followers, loads and lone loads there were.
fn counts(stats: Stats) -> (u64, u64, u64) {
    (stats.waits, stats.loads, stats.lone_loads)
}

// One body for many callers.

macro_rules! threads_share_one_load {
    ($name:ident, $threads:literal) => {
        #[test]
        fn $name() {
            runs!(RUNS);
            #[cache]
            fn load(key: u64) -> String {
                RUNS.fetch_add(1, SeqCst);
                until(|| load::cache().stats().waits == $threads - 1);
                format!("value {key}")
            }
            ends(|| {
                let callers: Vec<_> = (0..$threads).map(|_| thread::spawn(|| load(7))).collect();
                for caller in callers {
                    assert_eq!(caller.join().unwrap(), "value 7");
                }
            });
            assert_eq!(RUNS.load(SeqCst), 1);
            let stats = load::cache().stats();
            assert_eq!(counts(stats), ($threads - 1, 1, 0));
            assert_eq!((stats.hits, stats.misses, stats.entries), (0, $threads, 1));
        }
    };
}

threads_share_one_load!(ten_threads_share_one_load, 10);
threads_share_one_load!(two_hundred_threads_share_one_load, 200);

macro_rules! tasks_share_one_load {
    ($name:ident, $runtime:ident, $tasks:literal) => {
        #[test]
        fn $name() {
            runs!(RUNS);
            #[cache]
            async fn load(key: u64) -> String {
                RUNS.fetch_add(1, SeqCst);
                until_async(|| load::cache().stats().waits == $tasks - 1).await;
                format!("value {key}")
            }
            ends(|| {
                $runtime().block_on(async {
                    let callers: Vec<_> = (0..$tasks).map(|_| task::spawn(load(7))).collect();
                    for caller in callers {
                        assert_eq!(caller.await.unwrap(), "value 7");
                    }
                });
            });
            assert_eq!(RUNS.load(SeqCst), 1);
            let stats = load::cache().stats();
            assert_eq!(counts(stats), ($tasks - 1, 1, 0));
            assert_eq!((stats.hits, stats.misses, stats.entries), (0, $tasks, 1));
        }
    };
}

tasks_share_one_load!(ten_tasks_of_one_thread_share_one_load, current_thread, 10);
tasks_share_one_load!(ten_tasks_share_one_load, many_threads, 10);
tasks_share_one_load!(cme_7_two_hundred_tasks_of_one_thread_share_one_load, current_thread, 200);
tasks_share_one_load!(cme_7_two_hundred_tasks_share_one_load, many_threads, 200);

#[test]
fn cme_61_five_hundred_callers_of_six_keys() {
    runs!(RUNS, ASYNC_RUNS);
    #[cache]
    fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        key * 2
    }
    #[cache]
    async fn load_async(key: u64) -> u64 {
        ASYNC_RUNS.fetch_add(1, SeqCst);
        task::yield_now().await;
        key * 2
    }
    ends(|| {
        let callers: Vec<_> = (0..500).map(|caller| thread::spawn(move || load(caller % 6))).collect();
        for (caller, value) in (0..).zip(callers) {
            assert_eq!(value.join().unwrap(), caller % 6 * 2);
        }
        many_threads().block_on(async {
            let callers: Vec<_> = (0..500).map(|caller| task::spawn(load_async(caller % 6))).collect();
            for (caller, value) in (0..).zip(callers) {
                assert_eq!(value.await.unwrap(), caller % 6 * 2);
            }
        });
    });
    assert_eq!((RUNS.load(SeqCst), ASYNC_RUNS.load(SeqCst)), (6, 6));
}

#[test]
fn plain_threads_and_blocking_tasks_share_one_load() {
    runs!(RUNS);
    #[cache]
    fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        until(|| load::cache().stats().waits == 19);
        key
    }
    ends(|| {
        many_threads().block_on(async {
            let threads: Vec<_> = (0..10).map(|_| thread::spawn(|| load(1))).collect();
            let tasks: Vec<_> = (0..10).map(|_| task::spawn_blocking(|| load(1))).collect();
            for caller in tasks {
                assert_eq!(caller.await.unwrap(), 1);
            }
            for caller in threads {
                assert_eq!(caller.join().unwrap(), 1);
            }
        });
    });
    assert_eq!(RUNS.load(SeqCst), 1);
}

#[test]
fn followers_on_other_runtimes_share_one_load() {
    runs!(RUNS);
    #[cache]
    async fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        until_async(|| load::cache().stats().waits == 2).await;
        key
    }
    ends(|| {
        let callers = [
            thread::spawn(|| current_thread().block_on(load(1))),
            thread::spawn(|| many_threads().block_on(load(1))),
            thread::spawn(|| block_on(load(1))),
        ];
        callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), 1));
    });
    assert_eq!(RUNS.load(SeqCst), 1);
}

#[test]
fn loads_of_different_keys_run_side_by_side() {
    #[cache(ignore = [together])]
    fn load(key: u64, together: &Barrier) -> u64 {
        together.wait();
        key
    }
    ends(|| {
        let together = Arc::new(Barrier::new(8));
        let callers = (0..8).map(|key| {
            let together = Arc::clone(&together);
            thread::spawn(move || load(key, &together))
        });
        let callers: Vec<_> = callers.collect();
        callers.into_iter().for_each(|caller| assert!(caller.join().is_ok()));
    });
    assert_eq!(counts(load::cache().stats()), (0, 8, 0));
}

#[test]
fn without_single_flight_nobody_waits() {
    #[cache(single_flight = off, ignore = [together])]
    fn load(key: u64, together: &Barrier) -> u64 {
        together.wait();
        key
    }
    #[cache(single_flight = off)]
    fn recurse(key: u64, depth: u64) -> u64 {
        if depth == 0 { key } else { recurse(key, depth - 1) }
    }
    ends(|| {
        let together = Arc::new(Barrier::new(5));
        let callers: Vec<_> = (0..5).map(|_| Arc::clone(&together)).collect();
        let callers: Vec<_> = callers.into_iter().map(|together| thread::spawn(move || load(1, &together))).collect();
        callers.into_iter().for_each(|caller| assert!(caller.join().is_ok()));
        assert_eq!(recurse(1, 3), 1);
    });
    assert_eq!(counts(load::cache().stats()), (0, 5, 0));
    assert_eq!(load::entry(1).peek(), Some(1));
}

// What hung in the trials of the design (FINDINGS A3).

#[test]
fn a_thread_blocked_on_its_own_suspended_leader_goes_on_after_patience() {
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64>) -> u64 {
        body.await
    }
    let value = ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let (sender, receiver) = mpsc::channel();
        let driver = {
            let clock = Arc::clone(&clock);
            thread::spawn(move || {
                advance_until(&clock, || receiver.try_recv().is_ok());
            })
        };
        current_thread().block_on(async {
            let leader = task::spawn(load(1, pending()));
            until_async(|| load::cache().stats().loads == 1).await;
            // As a library may do that bridges to async: nothing else of this runtime runs meanwhile.
            let value = block_on(load(1, ready(2)));
            sender.send(()).unwrap();
            leader.abort();
            driver.join().unwrap();
            value
        })
    });
    assert_eq!(value, 2);
    assert_eq!(counts(load::cache().stats()), (1, 2, 1));
}

#[test]
fn a_follower_beside_a_leader_that_is_not_polled_goes_on_after_patience() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64>) -> u64 {
        body.await
    }
    let mut leader = Box::pin(load(1, pending()));
    assert!(poll_once(&mut leader).is_pending());
    let mut follower = Box::pin(load(1, ready(2)));
    assert!(poll_once(&mut follower).is_pending());
    clock.advance(PATIENCE - SECOND);
    assert!(poll_once(&mut follower).is_pending());
    clock.advance(SECOND);
    assert_eq!(poll_once(&mut follower), Poll::Ready(2));
    assert_eq!(counts(load::cache().stats()), (1, 2, 1));
    drop(leader);
    assert_eq!(block_on(load(1, ready(3))), 2);
}

#[test]
fn a_buffered_stream_with_the_same_key_in_the_loop_goes_on_after_patience() {
    #[cache]
    async fn load(key: u64) -> u64 {
        for _ in 0..key {
            task::yield_now().await;
        }
        key
    }
    let sum = ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        current_thread().block_on(async {
            let ticks = {
                let clock = Arc::clone(&clock);
                task::spawn(async move {
                    loop {
                        clock.advance(SECOND);
                        task::yield_now().await;
                    }
                })
            };
            let mut sum = 0;
            let mut loads = futures::stream::iter([1_u64, 50]).map(load).buffered(2);
            while let Some(value) = loads.next().await {
                // The load of 50 is in the buffer, and nobody polls it here.
                sum += value + load(50).await;
            }
            ticks.abort();
            sum
        })
    });
    assert_eq!(sum, 1 + 50 + 50 + 50);
    assert_eq!(load::cache().stats().lone_loads, 1);
}

#[test]
fn joined_calls_of_one_task_share_one_load() {
    runs!(RUNS);
    #[cache]
    async fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        task::yield_now().await;
        key
    }
    ends(|| {
        current_thread().block_on(async {
            let (a, b, c) = tokio::join!(load(1), load(1), load(1));
            assert_eq!((a, b, c), (1, 1, 1));
        });
    });
    assert_eq!(RUNS.load(SeqCst), 1);
    assert_eq!(counts(load::cache().stats()), (2, 1, 0));
}

#[test]
fn cme_26_a_follower_takes_over_from_an_aborted_leader() {
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64>) -> u64 {
        body.await
    }
    ends(|| {
        for runtime in [current_thread(), many_threads()] {
            runtime.block_on(async {
                let before = load::cache().stats();
                let leader = task::spawn(load(1, pending()));
                until_async(|| load::cache().stats().loads == before.loads + 1).await;
                let followers: Vec<_> = (2..5).map(|value| task::spawn(load(1, ready(value)))).collect();
                until_async(|| load::cache().stats().waits == before.waits + 3).await;
                leader.abort();
                let mut values = Vec::new();
                for follower in followers {
                    values.push(follower.await.unwrap());
                }
                assert!((2..5).contains(&values[0]));
                assert!(values.iter().all(|value| *value == values[0]), "one leads, the others follow: {values:?}");
                let stats = load::cache().stats();
                assert_eq!(stats.loads - before.loads, 2);
                assert_eq!(stats.load_failures - before.load_failures, 1);
                assert_eq!(stats.lone_loads, 0);
                load::entry(1).invalidate().await;
            });
        }
    });
}

#[test]
fn an_aborted_follower_disturbs_nobody() {
    static GO: Semaphore = Semaphore::const_new(0);
    #[cache]
    async fn load(key: u64) -> u64 {
        GO.acquire().await.unwrap().forget();
        key
    }
    ends(|| {
        many_threads().block_on(async {
            let leader = task::spawn(load(1));
            until_async(|| load::cache().stats().loads == 1).await;
            let aborted = task::spawn(load(1));
            let follower = task::spawn(load(1));
            until_async(|| load::cache().stats().waits == 2).await;
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
            GO.add_permits(1);
            assert_eq!((leader.await.unwrap(), follower.await.unwrap()), (1, 1));
        });
    });
    assert_eq!(counts(load::cache().stats()), (2, 1, 0));
}

#[test]
fn a_leader_that_was_never_polled_leads_nothing() {
    #[cache(ignore = [value])]
    async fn load(key: u64, value: u64) -> u64 {
        value
    }
    let unpolled = load(1, 1);
    assert_eq!(ends(|| block_on(load(1, 2))), 2);
    drop(unpolled);
    assert_eq!(counts(load::cache().stats()), (0, 1, 0));
}

#[test]
fn a_leader_dropped_in_its_body_leaves_nothing_behind() {
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64>) -> u64 {
        body.await
    }
    for value in 0..3 {
        let mut leader = Box::pin(load(1, pending()));
        assert!(poll_once(&mut leader).is_pending());
        drop(leader);
        assert_eq!(block_on(load::entry(1).peek()), None);
        assert_eq!(ends(move || block_on(load(1, ready(value)))), value);
        block_on(load::entry(1).invalidate());
    }
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.waits), (6, 3, 0));
}

// Cycles.

#[test]
fn two_threads_that_wait_for_each_other() {
    #[cache(ignore = [body])]
    fn load(key: &str, body: impl FnOnce() -> u64) -> u64 {
        body()
    }
    for _ in 0..20 {
        let before = load::cache().stats();
        let values = ends(|| {
            let both_lead = Arc::new(Barrier::new(2));
            let callers = [("x", "y"), ("y", "x")].map(|(mine, other)| {
                let both_lead = Arc::clone(&both_lead);
                thread::spawn(move || {
                    load(mine, || {
                        both_lead.wait();
                        10 + load(other, || 1)
                    })
                })
            });
            callers.map(|caller| caller.join().unwrap())
        });
        // The one that would close the cycle loads alone; the other waits for it.
        assert!(matches!(values, [11, 21] | [21, 11]), "{values:?}");
        let stats = load::cache().stats();
        let (waits, loads, lone_loads) = counts(stats);
        assert_eq!((waits - before.waits, loads - before.loads, lone_loads - before.lone_loads), (2, 3, 1));
        load::cache().clear();
    }
}

#[test]
fn two_tasks_that_wait_for_each_other() {
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64> + Send) -> u64 {
        body.await
    }
    for run in [current_thread, many_threads] {
        let before = load::cache().stats();
        let values = ends(move || {
            run().block_on(async {
                let both_lead = Arc::new(tokio::sync::Barrier::new(2));
                let callers = [(1, 2), (2, 1)].map(|(mine, other)| {
                    let both_lead = Arc::clone(&both_lead);
                    task::spawn(load(mine, async move {
                        both_lead.wait().await;
                        10 + load(other, ready(1)).await
                    }))
                });
                let [a, b] = callers;
                [a.await.unwrap(), b.await.unwrap()]
            })
        });
        assert!(matches!(values, [11, 21] | [21, 11]), "{values:?}");
        assert_eq!(load::cache().stats().lone_loads - before.lone_loads, 1);
        load::cache().blocking().clear();
    }
}

#[test]
fn three_threads_in_a_ring_of_different_functions() {
    #[cache(ignore = [body])]
    fn a(key: u64, body: impl FnOnce() -> u64) -> u64 {
        body()
    }
    #[cache(ignore = [body])]
    fn b(key: u64, body: impl FnOnce() -> u64) -> u64 {
        body()
    }
    #[cache(ignore = [body])]
    fn c(key: u64, body: impl FnOnce() -> u64) -> u64 {
        body()
    }
    ends(|| {
        let all_lead = Arc::new(Barrier::new(3));
        let wait = || {
            let all_lead = Arc::clone(&all_lead);
            move || {
                all_lead.wait();
            }
        };
        let (wait_a, wait_b, wait_c) = (wait(), wait(), wait());
        let callers = [
            thread::spawn(move || {
                a(1, || {
                    wait_a();
                    b(1, || 0)
                })
            }),
            thread::spawn(move || {
                b(1, || {
                    wait_b();
                    c(1, || 0)
                })
            }),
            thread::spawn(move || {
                c(1, || {
                    wait_c();
                    a(1, || 0)
                })
            }),
        ];
        assert_eq!(callers.map(|caller| caller.join().unwrap()), [0; 3]);
    });
    let lone = [a::cache(), b::cache(), c::cache()].map(|cache| cache.stats().lone_loads);
    assert_eq!(lone.iter().sum::<u64>(), 1, "{lone:?}");
}

#[test]
fn a_cycle_inside_a_joined_pair_of_calls() {
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64>) -> u64 {
        body.await
    }
    // 1 waits for 2 and 3 at once; 3 waits for 1, which would never end.
    let value = ends(|| {
        current_thread().block_on(load(1, async {
            let two = load(2, async {
                task::yield_now().await;
                2
            });
            let three = load(3, async { 30 + load(1, ready(1)).await });
            let (two, three) = tokio::join!(two, three);
            two + three
        }))
    });
    assert_eq!(value, 33);
    assert_eq!(load::cache().stats().lone_loads, 1);
}

#[test]
fn a_sync_body_that_calls_its_own_key() {
    #[cache(ignore = [depth])]
    fn load(key: u64, depth: u64) -> u64 {
        if depth == 0 { key } else { 1 + load(key, depth - 1) }
    }
    assert_eq!(ends(|| load(1, 3)), 4);
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.lone_loads, stats.load_failures), (4, 3, 0));
}

#[test]
fn an_async_body_that_calls_its_own_key() {
    #[cache(ignore = [depth])]
    async fn load(key: u64, depth: u64) -> u64 {
        task::yield_now().await;
        if depth == 0 { key } else { 1 + Box::pin(load(key, depth - 1)).await }
    }
    assert_eq!(ends(|| current_thread().block_on(load(1, 3))), 4);
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.lone_loads, stats.load_failures), (4, 3, 0));
}

#[test]
fn a_body_that_blocks_on_its_own_key() {
    #[cache(ignore = [again])]
    async fn load(key: u64, again: bool) -> u64 {
        if again { 1 + block_on(load(key, false)) } else { key }
    }
    assert_eq!(ends(|| current_thread().block_on(load(1, true))), 2);
    assert_eq!(load::cache().stats().lone_loads, 1);
}

#[test]
fn a_sync_body_in_between_does_not_hide_the_cycle() {
    #[cache]
    async fn outer(key: u64, again: bool) -> u64 {
        1 + inner(key, again)
    }
    #[cache(ignore = [again])]
    fn inner(key: u64, again: bool) -> u64 {
        if again { 10 + block_on(outer(key, false)) } else { key }
    }
    // outer(1, true) -> inner(1) -> outer(1, false) -> inner(1)
    assert_eq!(ends(|| block_on(outer(1, true))), 1 + 10 + 1 + 1);
    assert_eq!(inner::cache().stats().lone_loads, 1);
}

#[test]
fn a_leader_that_joins_a_thread_which_calls_the_same_key() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(ignore = [help])]
    fn load(key: u64, help: bool) -> u64 {
        if help { 10 + thread::spawn(move || load(key, false)).join().unwrap() } else { key }
    }
    assert_eq!(load::cache().stats().loads, 0);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(load(1, true)));
    until(|| load::cache().stats().waits == 1);
    assert_eq!(load::cache().stats().loads, 1);
    assert!(receiver.try_recv().is_err());
    advance_until(&clock, || load::cache().stats().loads == 2);
    assert_eq!(receiver.recv_timeout(HANG), Ok(11));
    assert_eq!(counts(load::cache().stats()), (1, 2, 1));
}

#[test]
fn a_leader_that_awaits_a_task_which_calls_the_same_key() {
    #[cache(ignore = [help])]
    async fn load(key: u64, help: bool) -> u64 {
        if help { 10 + task::spawn(helper(key)).await.unwrap() } else { key }
    }
    fn helper(key: u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>> {
        Box::pin(load(key, false))
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        current_thread().block_on(async {
            let leader = task::spawn(load(1, true));
            until_async(|| load::cache().stats().waits == 1).await;
            // The only thread is here: the follower has set its alarm.
            clock.advance(PATIENCE - SECOND);
            for _ in 0..10 {
                task::yield_now().await;
            }
            assert_eq!(load::cache().stats().loads, 1);
            clock.advance(SECOND);
            assert_eq!(leader.await.unwrap(), 11);
        });
    });
    assert_eq!(counts(load::cache().stats()), (1, 2, 1));
}

#[test]
fn patience_can_be_set() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(patience = "2s", ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = u64>) -> u64 {
        body.await
    }
    let mut leader = Box::pin(load(1, pending()));
    assert!(poll_once(&mut leader).is_pending());
    let mut early = Box::pin(load(1, ready(2)));
    assert!(poll_once(&mut early).is_pending());
    clock.advance(SECOND);
    let mut late = Box::pin(load(1, ready(3)));
    assert!(poll_once(&mut late).is_pending());
    assert!(poll_once(&mut early).is_pending());
    clock.advance(SECOND);
    assert_eq!(poll_once(&mut early), Poll::Ready(2));
    // Its own patience counts, and the value that came meanwhile is not what it waits for.
    clock.advance(SECOND);
    assert!(poll_once(&mut late).is_ready());
    assert!(load::cache().stats().loads <= 3);
}

// Failures.

#[test]
fn an_error_that_can_be_cloned_is_shared() {
    #[derive(Clone, Debug, PartialEq)]
    struct Refused(u64);
    runs!(RUNS);
    #[cache]
    fn load(key: u64) -> Result<u64, Refused> {
        let run = RUNS.fetch_add(1, SeqCst);
        if run > 0 {
            return Ok(key);
        }
        until(|| load::cache().stats().waits == 9);
        Err(Refused(key))
    }
    ends(|| {
        let callers: Vec<_> = (0..10).map(|_| thread::spawn(|| load(1))).collect();
        callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), Err(Refused(1))));
        assert_eq!(RUNS.load(SeqCst), 1);
        // It is not kept.
        assert_eq!(load::entry(1).peek(), None);
        assert_eq!(load(1), Ok(1));
    });
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.waits), (2, 1, 9));
}

#[test]
fn an_error_of_tasks_that_can_be_cloned_is_shared() {
    runs!(RUNS);
    #[cache]
    async fn load(key: u64) -> Result<u64, String> {
        RUNS.fetch_add(1, SeqCst);
        until_async(|| load::cache().stats().waits == 9).await;
        Err(format!("no {key}"))
    }
    ends(|| {
        many_threads().block_on(async {
            let callers: Vec<_> = (0..10).map(|_| task::spawn(load(1))).collect();
            for caller in callers {
                assert_eq!(caller.await.unwrap(), Err("no 1".to_owned()));
            }
        });
    });
    assert_eq!(RUNS.load(SeqCst), 1);
}

#[test]
fn an_error_that_cannot_be_cloned_lets_the_next_one_lead() {
    #[derive(Debug)]
    struct Refused;
    static GO: Gate = Gate::new();
    #[cache(ignore = [fail])]
    fn load(key: u64, fail: bool) -> Result<u64, Refused> {
        if !fail {
            return Ok(key);
        }
        GO.pass();
        Err(Refused)
    }
    ends(|| {
        let leader = thread::spawn(|| load(1, true));
        until(|| load::cache().stats().loads == 1);
        let followers: Vec<_> = (0..5).map(|_| thread::spawn(|| load(1, false))).collect();
        until(|| load::cache().stats().waits == 5);
        GO.open();
        assert!(leader.join().unwrap().is_err());
        followers.into_iter().for_each(|follower| assert_eq!(follower.join().unwrap().unwrap(), 1));
    });
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.lone_loads), (2, 1, 0));
}

#[test]
fn a_key_that_always_fails_does_not_hang() {
    #[derive(Debug)]
    struct Refused;
    runs!(RUNS);
    #[cache]
    fn load(key: u64) -> Result<u64, Refused> {
        RUNS.fetch_add(1, SeqCst);
        Err(Refused)
    }
    ends(|| {
        let callers: Vec<_> = (0..50).map(|_| thread::spawn(|| load(1).is_err())).collect();
        callers.into_iter().for_each(|caller| assert!(caller.join().unwrap()));
    });
    // Nobody gets another's error, so each runs the body once.
    assert_eq!(RUNS.load(SeqCst), 50);
    assert_eq!(load::cache().stats().load_failures, 50);
}

#[test]
fn a_panic_in_the_body_lets_the_next_one_lead() {
    static GO: Gate = Gate::new();
    #[cache(ignore = [fail])]
    fn load(key: u64, fail: bool) -> u64 {
        if fail {
            GO.pass();
            panic!("the body's own");
        }
        key
    }
    ends(|| {
        let leader = thread::spawn(|| panics(|| load(1, true)));
        until(|| load::cache().stats().loads == 1);
        let followers: Vec<_> = (0..5).map(|_| thread::spawn(|| load(1, false))).collect();
        until(|| load::cache().stats().waits == 5);
        GO.open();
        assert_eq!(leader.join().unwrap(), "the body's own");
        followers.into_iter().for_each(|follower| assert_eq!(follower.join().unwrap(), 1));
    });
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.lone_loads), (2, 1, 0));
}

#[test]
fn a_panic_in_an_async_body_lets_the_next_one_lead() {
    static GO: Semaphore = Semaphore::const_new(0);
    #[cache(ignore = [fail])]
    async fn load(key: u64, fail: bool) -> u64 {
        if fail {
            GO.acquire().await.unwrap().forget();
            panic!("the body's own");
        }
        key
    }
    ends(|| {
        many_threads().block_on(async {
            let leader = task::spawn(load(1, true));
            until_async(|| load::cache().stats().loads == 1).await;
            let followers: Vec<_> = (0..5).map(|_| task::spawn(load(1, false))).collect();
            until_async(|| load::cache().stats().waits == 5).await;
            GO.add_permits(1);
            assert!(leader.await.unwrap_err().is_panic());
            for follower in followers {
                assert_eq!(follower.await.unwrap(), 1);
            }
        });
    });
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.lone_loads), (2, 1, 0));
}

#[test]
fn a_cycle_is_forgotten_once_it_is_over() {
    // The graph of waits must not remember loads that panicked or were dropped.
    #[cache(ignore = [body])]
    fn load(key: u64, body: impl FnOnce() -> u64) -> u64 {
        body()
    }
    ends(|| {
        for _ in 0..10 {
            panics(|| load(1, || load(1, || panic!("in a lone load"))));
            panics(|| load(1, || load(2, || panic!("in a nested load"))));
        }
        assert_eq!(load(1, || load(2, || 3)), 3);
    });
    let stats = load::cache().stats();
    assert_eq!((stats.lone_loads, stats.entries), (10, 2));
}

#[test]
fn many_callers_with_random_calls_to_each_other_all_end() {
    // Each key's body calls two others: a graph full of cycles.
    #[cache(ignore = [depth])]
    fn load(key: u64, depth: u64) -> u64 {
        if depth > 0 {
            load((key * 7 + 1) % 5, depth - 1);
            load((key * 3 + 2) % 5, depth - 1);
        }
        key
    }
    ends(|| {
        for _ in 0..50 {
            let callers: Vec<_> = (0..8).map(|key| thread::spawn(move || load(key % 5, 4))).collect();
            for (key, caller) in (0..).zip(callers) {
                assert_eq!(caller.join().unwrap(), key % 5);
            }
            load::cache().clear();
        }
    });
}

// Futures.

#[test]
fn the_future_of_a_call_holds_its_body_once() {
    #[cache]
    async fn first(key: u64) -> u64 {
        task::yield_now().await;
        key
    }
    #[cache]
    async fn second(key: u64) -> u64 {
        first(key).await
    }
    #[cache]
    async fn third(key: u64) -> u64 {
        second(key).await
    }
    let sizes = [size_of_val(&first(1)), size_of_val(&second(1)), size_of_val(&third(1))];
    let [one, two, three] = sizes;
    // Else it grows with a power of the depth, and soon past the stack.
    assert!(two < 2 * one + 200 && three < 3 * one + 400, "{sizes:?}");
    assert!(size_of_val(&third::refresh(1)) < three + 400, "{} against {three}", size_of_val(&third::refresh(1)));
    assert_eq!(block_on(third(1)), 1);
}
