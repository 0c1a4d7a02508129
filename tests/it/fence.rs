//! Law 2: a load that began before an invalidation leaves its value nowhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use cacher::{Removal, cache, testing::ManualClock};
use tokio::sync::Semaphore;

use crate::support::{Gate, block_on, ends, poll_once, until};

const SECOND: Duration = Duration::from_secs(1);

/// Runs `meanwhile` while a load of key 1 is in its body, whose value is "old". Evaluates to what the caller got.
macro_rules! during_a_load {
    ($load:ident, $meanwhile:expr) => {
        ends(move || {
            let (started, go) = (Arc::new(Gate::new()), Arc::new(Gate::new()));
            let loading = {
                let (started, go) = (Arc::clone(&started), Arc::clone(&go));
                thread::spawn(move || {
                    $load(1, || {
                        started.open();
                        go.pass();
                        "old"
                    })
                })
            };
            started.pass();
            let _: () = $meanwhile;
            go.open();
            loading.join().unwrap()
        })
    };
}

/// Defines a function whose callers bring the body.
macro_rules! load {
    ($load:ident $(, $argument:ident = $value:expr)*) => {
        #[cache(ignore = [body] $(, $argument = $value)*)]
        fn $load(key: u64, body: impl FnOnce() -> &'static str) -> &'static str {
            body()
        }
    };
}

#[test]
fn an_invalidation_during_a_load() {
    load!(load);
    let value = during_a_load!(load, assert_eq!(load::entry(1).invalidate(), Removal::Absent));
    assert_eq!(value, "old");
    assert_eq!(load::entry(1).peek(), None);
    assert_eq!(load(1, || "new"), "new");
    assert_eq!(load::entry(1).peek(), Some("new"));
    assert_eq!(load::cache().stats().loads, 2);
}

#[test]
fn an_invalidation_of_another_key_during_a_load() {
    load!(load);
    during_a_load!(load, assert_eq!(load::entry(2).invalidate(), Removal::Absent));
    assert_eq!(load::entry(1).peek(), Some("old"));
}

#[test]
fn clearing_during_a_load() {
    load!(load);
    load(2, || "other");
    assert_eq!(during_a_load!(load, assert_eq!(load::cache().clear(), Removal::Removed)), "old");
    assert_eq!((load::entry(1).peek(), load::cache().len()), (None, 0));
    assert_eq!(load(1, || "new"), "new");
    assert_eq!(load::entry(1).peek(), Some("new"));
}

#[test]
fn an_insertion_during_a_load() {
    load!(load);
    let value = during_a_load!(load, {
        assert!(load::entry(1).insert("new"));
        assert_eq!(load(1, || unreachable!()), "new");
    });
    assert_eq!(value, "old");
    assert_eq!(load(1, || unreachable!()), "new");
}

#[test]
fn a_refresh_during_a_load() {
    load!(load);
    assert_eq!(during_a_load!(load, assert_eq!(load::refresh(1, || "new"), "new")), "old");
    assert_eq!(load(1, || unreachable!()), "new");
}

#[test]
fn a_refresh_that_outlasts_a_load() {
    load!(load);
    static GO: Gate = Gate::new();
    static REFRESHING: Gate = Gate::new();
    let (sender, receiver) = mpsc::channel();
    assert_eq!(
        during_a_load!(load, {
            thread::spawn(move || {
                sender.send(load::refresh(1, || {
                    REFRESHING.open();
                    GO.pass();
                    "new"
                }))
            });
            REFRESHING.pass();
        }),
        "old"
    );
    // The older load is done, the newer is not, and may still fail.
    assert_eq!(load::entry(1).peek(), Some("old"));
    GO.open();
    assert_eq!(receiver.recv(), Ok("new"));
    assert_eq!(load::entry(1).peek(), Some("new"));
}

#[test]
fn callers_during_a_refresh_follow_it_if_there_is_nothing_else() {
    load!(load);
    let value = during_a_load!(load, {
        let (sender, receiver) = mpsc::channel();
        static GO: Gate = Gate::new();
        thread::spawn(move || {
            sender.send(load::refresh(1, || {
                GO.pass();
                "new"
            }))
        });
        until(|| load::cache().stats().loads == 2);
        let follower = thread::spawn(|| load(1, || unreachable!()));
        until(|| load::cache().stats().waits == 1);
        GO.open();
        assert_eq!((receiver.recv(), follower.join().unwrap()), (Ok("new"), "new"));
    });
    assert_eq!((value, load::entry(1).peek()), ("old", Some("new")));
}

#[test]
fn a_refresh_that_fails_takes_nothing_from_another() {
    #[cache(ignore = [body])]
    fn load(key: u64, body: impl FnOnce() -> Result<u64, String>) -> Result<u64, String> {
        body()
    }
    ends(|| {
        assert_eq!(load(1, || Ok(1)), Ok(1));
        // The second begins while the first is in its body, and fails.
        let second = || load::refresh(1, || Err("no".to_owned()));
        let first = load::refresh(1, || {
            assert!(second().is_err());
            Ok(2)
        });
        assert_eq!((first, load(1, || unreachable!())), (Ok(2), Ok(2)));
    });
}

#[test]
fn an_older_refresh_does_not_overwrite_a_newer_one() {
    load!(load);
    let (started, go) = (Arc::new(Gate::new()), Arc::new(Gate::new()));
    let older = {
        let (started, go) = (Arc::clone(&started), Arc::clone(&go));
        thread::spawn(move || {
            load::refresh(1, || {
                started.open();
                go.pass();
                "old"
            })
        })
    };
    started.pass();
    assert_eq!(load::refresh(1, || "new"), "new");
    go.open();
    assert_eq!(older.join().unwrap(), "old");
    assert_eq!(load::entry(1).peek(), Some("new"));
}

#[test]
fn an_invalidation_during_a_refresh() {
    load!(load);
    fn refresh(key: u64, body: impl FnOnce() -> &'static str) -> &'static str {
        load::refresh(key, body)
    }
    assert_eq!(load(1, || "older"), "older");
    assert_eq!(during_a_load!(refresh, assert_eq!(load::entry(1).invalidate(), Removal::Removed)), "old");
    assert_eq!(load::entry(1).peek(), None);
}

#[test]
fn a_load_that_invalidates_its_own_key() {
    load!(load);
    let value = load(1, || {
        assert_eq!(load::entry(1).invalidate(), Removal::Absent);
        "old"
    });
    assert_eq!((value, load::entry(1).peek()), ("old", None));
    let value = load(1, || {
        load::cache().clear();
        "old"
    });
    assert_eq!((value, load::entry(1).peek()), ("old", None));
    let value = load(1, || {
        assert!(load::entry(1).insert("inserted"));
        "old"
    });
    assert_eq!((value, load::entry(1).peek()), ("old", Some("inserted")));
}

#[test]
fn a_call_after_an_invalidation_does_not_follow_the_older_load() {
    load!(load);
    let ways: [fn() -> Removal; 2] = [|| load::entry(1).invalidate(), || load::cache().clear()];
    for way in ways {
        let value = during_a_load!(load, {
            assert_eq!(way(), Removal::Absent);
            // The older load is in its body all the while.
            assert_eq!(load(1, || "new"), "new");
            assert_eq!(load(1, || unreachable!()), "new");
        });
        assert_eq!(value, "old");
        // And its end takes nothing away.
        assert_eq!(load::entry(1).peek(), Some("new"));
        load::cache().clear();
    }
    assert_eq!((load::cache().stats().waits, load::cache().stats().lone_loads), (0, 0));
}

#[test]
fn callers_after_an_invalidation_share_the_newer_load() {
    load!(load);
    static NEW: Gate = Gate::new();
    let (sender, receiver) = mpsc::channel();
    let value = during_a_load!(load, {
        load::entry(1).invalidate();
        for _ in 0..5 {
            let sender = sender.clone();
            thread::spawn(move || {
                sender.send(load(1, || {
                    NEW.pass();
                    "new"
                }))
            });
        }
        until(|| load::cache().stats().waits == 4);
    });
    // The end of the older load wakes nobody.
    assert_eq!(value, "old");
    assert_eq!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty));
    NEW.open();

    assert_eq!(receiver.iter().take(5).collect::<Vec<_>>(), ["new"; 5]);
    assert_eq!(load::cache().stats().loads, 2);
}

#[test]
fn a_follower_from_before_the_invalidation_gets_the_older_value() {
    load!(load);
    let (sender, receiver) = mpsc::channel();
    let value = during_a_load!(load, {
        thread::spawn(move || sender.send(load(1, || unreachable!())));
        until(|| load::cache().stats().waits == 1);
        load::entry(1).invalidate();
    });
    assert_eq!((value, receiver.recv()), ("old", Ok("old")));
    assert_eq!(load::entry(1).peek(), None);
}

#[test]
fn a_failed_load_that_was_invalidated_leaves_the_newer_one_alone() {
    #[derive(Debug)]
    struct Failed;
    #[cache(ignore = [body])]
    fn load(key: u64, body: impl FnOnce() -> Result<u64, Failed>) -> Result<u64, Failed> {
        body()
    }
    static STARTED: Gate = Gate::new();
    static GO: Gate = Gate::new();
    static NEW: Gate = Gate::new();
    ends(|| {
        let older = thread::spawn(|| {
            load(1, || {
                STARTED.open();
                GO.pass();
                Err(Failed)
            })
        });
        STARTED.pass();
        load::entry(1).invalidate();
        let newer = thread::spawn(|| {
            load(1, || {
                NEW.pass();
                Ok(2)
            })
        });
        until(|| load::cache().stats().loads == 2);
        let follower = thread::spawn(|| load(1, || unreachable!()));
        until(|| load::cache().stats().waits == 1);
        GO.open();
        assert!(older.join().unwrap().is_err());
        NEW.open();
        assert_eq!((newer.join().unwrap().unwrap(), follower.join().unwrap().unwrap()), (2, 2));
        assert_eq!(load(1, || unreachable!()).unwrap(), 2);
    });
}

#[test]
fn a_lone_load_is_fenced_too() {
    load!(load);
    // The inner call is part of the outer load, so it loads alone.
    let value = load(1, || {
        let value = load(1, || {
            load::entry(1).invalidate();
            "old"
        });
        assert_eq!(load::entry(1).peek(), None);
        value
    });
    assert_eq!((value, load::entry(1).peek()), ("old", None));
    assert_eq!(load::cache().stats().lone_loads, 1);
}

#[test]
fn without_single_flight_the_fence_holds() {
    load!(load, single_flight = off);
    assert_eq!(during_a_load!(load, assert_eq!(load::entry(1).invalidate(), Removal::Absent)), "old");
    assert_eq!(load::entry(1).peek(), None);
    assert_eq!(during_a_load!(load, assert_eq!(load::refresh(1, || "new"), "new")), "old");
    assert_eq!(load::entry(1).peek(), Some("new"));
}

// Async.

#[test]
fn changes_during_an_async_load() {
    #[cache(ignore = [body])]
    async fn load(key: u64, body: impl Future<Output = &'static str>) -> &'static str {
        body.await
    }
    let old = |go: &'static Semaphore| async {
        go.acquire().await.unwrap().forget();
        "old"
    };
    static GO: Semaphore = Semaphore::const_new(0);
    let new = || std::future::ready("new");
    let never = || async { unreachable!() };

    // Invalidated.
    let mut loading = Box::pin(load(1, old(&GO)));
    assert!(poll_once(&mut loading).is_pending());
    assert_eq!(block_on(load::entry(1).invalidate()), Removal::Absent);
    assert_eq!(block_on(load(1, new())), "new");
    GO.add_permits(1);
    assert_eq!(poll_once(&mut loading), Poll::Ready("old"));
    assert_eq!(block_on(load::entry(1).peek()), Some("new"));

    // Cleared.
    block_on(load::cache().clear());
    let mut loading = Box::pin(load(1, old(&GO)));
    assert!(poll_once(&mut loading).is_pending());
    assert_eq!(block_on(load::cache().clear()), Removal::Absent);
    GO.add_permits(1);
    assert_eq!(poll_once(&mut loading), Poll::Ready("old"));
    assert_eq!(block_on(load::entry(1).peek()), None);

    // Refreshed, inserted.
    let mut loading = Box::pin(load(1, old(&GO)));
    assert!(poll_once(&mut loading).is_pending());
    assert_eq!(block_on(load::refresh(1, new())), "new");
    let mut refreshing = Box::pin(load::refresh(1, old(&GO)));
    assert!(poll_once(&mut refreshing).is_pending());
    assert_eq!(block_on(load(1, never())), "new");
    assert!(block_on(load::entry(1).insert("newer")));
    GO.add_permits(2);
    assert_eq!((poll_once(&mut loading), poll_once(&mut refreshing)), (Poll::Ready("old"), Poll::Ready("old")));
    assert_eq!(block_on(load(1, never())), "newer");

    // A load that is dropped takes nothing away.
    let mut dropped = Box::pin(load::refresh(1, old(&GO)));
    assert!(poll_once(&mut dropped).is_pending());
    assert_eq!(block_on(load::refresh(1, new())), "new");
    drop(dropped);
    assert_eq!(block_on(load(1, never())), "new");
}

// A new life for an entry.

#[test]
fn a_life_given_to_an_entry() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load!(load, ttl = "10s");
    assert!(!load::entry(1).expire_in(SECOND), "there is nothing");
    assert_eq!(load(1, || "old"), "old");
    assert!(load::entry(1).expire_in(20 * SECOND));
    clock.advance(19 * SECOND);
    assert_eq!(load(1, || unreachable!()), "old");
    assert!(load::entry(1).expire_in(SECOND / 2));
    clock.advance(SECOND / 2);
    assert_eq!(load::entry(1).peek(), None);
    assert!(!load::entry(1).expire_in(SECOND), "what has expired does not come back");
    assert_eq!(load(1, || "new"), "new");
    assert!(load::entry(1).expire_in(Duration::ZERO));
    assert_eq!((load::entry(1).peek(), load::cache().len()), (None, 0));
    assert!(!load::entry(1).expire_in(Duration::ZERO));
}

#[test]
fn a_life_given_during_a_load_keeps_nothing_old() {
    load!(load);
    fn refresh(key: u64, body: impl FnOnce() -> &'static str) -> &'static str {
        load::refresh(key, body)
    }
    during_a_load!(load, assert!(!load::entry(1).expire_in(SECOND)));
    assert_eq!(load::entry(1).peek(), Some("old"), "the load goes on");
    let value = during_a_load!(refresh, assert!(load::entry(1).expire_in(Duration::ZERO)));
    assert_eq!((value, load::entry(1).peek()), ("old", None), "expiry at once is an invalidation");
}

/// A value whose clones wait at a gate, to stop an operation in its middle.
#[derive(Debug)]
struct Slow {
    number: u64,
    gates: Option<Arc<(AtomicBool, Gate, Gate)>>,
}

impl Slow {
    /// A value, and gates: the first clone after the flag is set opens the first, and passes the second.
    fn new(number: u64) -> (Self, Arc<(AtomicBool, Gate, Gate)>) {
        let gates = Arc::new((AtomicBool::new(false), Gate::new(), Gate::new()));
        (Self { number, gates: Some(Arc::clone(&gates)) }, gates)
    }
}

impl Clone for Slow {
    fn clone(&self) -> Self {
        if let Some(gates) = &self.gates {
            if gates.0.swap(false, SeqCst) {
                gates.1.open();
                gates.2.pass();
            }
        }
        Self { number: self.number, gates: self.gates.clone() }
    }
}

#[test]
fn a_life_given_to_an_entry_that_is_replaced_meanwhile() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(ttl = "10s", ignore = [value])]
    fn load(key: u64, value: Slow) -> Slow {
        value
    }
    let plain = |number| Slow { number, gates: None };
    let changes: [(&str, &dyn Fn(&ManualClock), Option<u64>); 5] = [
        ("invalidated", &|_| assert_eq!(load::entry(1).invalidate(), Removal::Removed), None),
        ("cleared", &|_| assert_eq!(load::cache().clear(), Removal::Removed), None),
        ("inserted", &|_| assert!(load::entry(1).insert(plain(2))), Some(2)),
        ("refreshed", &|_| assert_eq!(load::refresh(1, plain(2)).number, 2), Some(2)),
        (
            "loaded again after it expired",
            &|clock| {
                clock.advance(10 * SECOND);
                assert_eq!(load(1, plain(2)).number, 2);
            },
            Some(2),
        ),
    ];
    for (change, make, left) in changes {
        let (value, gates) = Slow::new(1);
        load(1, value);
        gates.0.store(true, SeqCst);
        let prolonging = thread::spawn(|| load::entry(1).expire_in(100 * SECOND));
        gates.1.pass();
        make(&clock);
        gates.2.open();
        prolonging.join().unwrap();
        assert_eq!(load::entry(1).peek().map(|value| value.number), left, "{change}");
        load::cache().clear();
    }
}

// Many threads.

/// A small generator of numbers that look random (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

const KEYS: usize = 4;
static VERSIONS: [AtomicU64; KEYS] = [const { AtomicU64::new(0) }; KEYS];
static ASYNC_VERSIONS: [AtomicU64; KEYS] = [const { AtomicU64::new(0) }; KEYS];

fn pause(random: u64) {
    for _ in 0..random % 4 {
        thread::yield_now();
    }
}

/// What a source says that changes all the time.
#[cache(capacity = 3)]
fn version(key: usize) -> u64 {
    let version = VERSIONS[key].load(SeqCst);
    pause(version);
    version
}

#[cache(capacity = 3)]
async fn async_version(key: usize) -> Arc<u64> {
    let version = ASYNC_VERSIONS[key].load(SeqCst);
    for _ in 0..version % 4 {
        tokio::task::yield_now().await;
    }
    Arc::new(version)
}

const STRESS: Duration = Duration::from_millis(1500);

#[test]
fn a_value_read_after_an_invalidation_is_never_older() {
    ends(|| {
        let start = Instant::now();
        let threads: Vec<_> = (1..=6)
            .map(|seed| {
                thread::spawn(move || {
                    let mut random = Random(seed);
                    let mut steps = 0_u64;
                    while start.elapsed() < STRESS {
                        let key = usize::try_from(random.below(KEYS as u64)).unwrap();
                        let mut oldest = 0;
                        match random.below(10) {
                            0 => {
                                oldest = VERSIONS[key].fetch_add(1, SeqCst) + 1;
                                version::entry(key).invalidate();
                            }
                            1 => {
                                oldest = VERSIONS[key].fetch_add(1, SeqCst) + 1;
                                version::cache().clear();
                            }
                            2 => {
                                oldest = VERSIONS[key].fetch_add(1, SeqCst) + 1;
                                assert!(version::refresh(key) >= oldest);
                            }
                            3 => {
                                version::entry(key).expire_in(Duration::from_millis(random.below(3)));
                            }
                            4 => oldest = version::entry(key).peek().unwrap_or(0),
                            _ => pause(random.next()),
                        }
                        let read = version(key);
                        assert!(read >= oldest, "{read} is older than {oldest}");
                        assert!(read <= VERSIONS[key].load(SeqCst));
                        steps += 1;
                    }
                    steps
                })
            })
            .collect();
        let steps: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert!(steps > 1000, "only {steps} steps");
        let stats = version::cache().stats();
        assert!(stats.entries <= 3 && stats.load_failures == 0, "{stats:?}");
        // At rest everything is the latest again.
        for (key, latest) in VERSIONS.iter().enumerate() {
            version::entry(key).invalidate();
            assert_eq!(version(key), latest.load(SeqCst));
        }
    });
}

#[test]
fn a_value_awaited_after_an_invalidation_is_never_older() {
    ends(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let tasks: Vec<_> = (1..=12)
                .map(|seed| {
                    tokio::spawn(async move {
                        let mut random = Random(seed);
                        while start.elapsed() < STRESS {
                            let key = usize::try_from(random.below(KEYS as u64)).unwrap();
                            let mut oldest = 0;
                            match random.below(10) {
                                0 => {
                                    oldest = ASYNC_VERSIONS[key].fetch_add(1, SeqCst) + 1;
                                    async_version::entry(key).invalidate().await;
                                }
                                1 => {
                                    oldest = ASYNC_VERSIONS[key].fetch_add(1, SeqCst) + 1;
                                    async_version::cache().clear().await;
                                }
                                2 => {
                                    oldest = ASYNC_VERSIONS[key].fetch_add(1, SeqCst) + 1;
                                    assert!(*async_version::refresh(key).await >= oldest);
                                }
                                3 => {
                                    // Dropped in the middle.
                                    let mut dropped = Box::pin(async_version(key));
                                    let _ = poll_once(&mut dropped);
                                }
                                4 => oldest = async_version::entry(key).peek().await.map_or(0, |version| *version),
                                _ => tokio::task::yield_now().await,
                            }
                            let read = *async_version(key).await;
                            assert!(read >= oldest, "{read} is older than {oldest}");
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    assert!(async_version::cache().stats().entries <= 3);
}

#[test]
fn many_insertions_and_loads_leave_the_last_insertion() {
    #[cache]
    fn load(_key: u64) -> u64 {
        thread::yield_now();
        0
    }
    ends(|| {
        for round in 1..=300 {
            let loads: Vec<_> = (0..3).map(|_| thread::spawn(|| (load(1), load::refresh(2)))).collect();
            load::entry(1).insert(round);
            for load in loads {
                load.join().unwrap();
            }
            // Loads that began before are fenced off; those that came later found it.
            assert_eq!(load(1), round);
            load::entry(1).invalidate();
        }
    });
}
