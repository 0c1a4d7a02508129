//! How often bodies run: rate limits. Hits are never limited.

use std::{
    fmt,
    pin::pin,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::Poll,
    thread,
    time::Duration,
};

use cacher::{
    Error, Kind, Removal, cache,
    strategy::{Call, RateLimit, Strategy},
    testing::ManualClock,
};

use crate::{
    common::faults,
    gated::Gated,
    support::{Gate, advance_until, block_on, ends, poll_once, runs, until, until_async},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const MILLI: Duration = Duration::from_millis(1);

/// A clock, and how far it was moved.
pub(crate) struct Hand {
    pub(crate) clock: Arc<ManualClock>,
    moved: AtomicU64,
}

impl Hand {
    pub(crate) fn new() -> Self {
        Self { clock: ManualClock::new(), moved: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(self.moved.load(SeqCst))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.moved.fetch_add(u64::try_from(by.as_nanos()).unwrap(), SeqCst);
        self.clock.advance(by);
    }

    /// Runs a future, and moves the clock on whenever it waits.
    pub(crate) fn drive<F: Future>(&self, step: Duration, future: F) -> F::Output {
        let mut future = pin!(future);
        for _ in 0..100_000 {
            match poll_once(&mut future) {
                Poll::Ready(output) => return output,
                Poll::Pending => self.advance(step),
            }
        }
        panic!("waits for ever")
    }
}

/// An error of the user that can say what the cache says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Limited,
    Body,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        assert_eq!(error.kind(), Kind::Limited, "{error}");
        Self::Limited
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// When the first calls of a function come, in milliseconds.
macro_rules! times {
    ($count:literal, $function:ident) => {{
        let hand = Hand::new();
        let _in_force = hand.clock.enter();
        let times = (0..$count).map(|key| hand.drive(MILLI, $function(key, &hand)).as_millis());
        times.collect::<Vec<_>>()
    }};
}

// How often.

#[test]
fn rates_are_spaced_evenly() {
    const RATE: u32 = 4;
    #[cache(rate_limit = "10/s", ignore = [hand])]
    async fn ten_a_second(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    #[cache(rate_limit = "1/500ms", ignore = [hand])]
    async fn every_half_second(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    #[cache(rate_limit = RateLimit::new(RATE, SECOND), ignore = [hand])]
    async fn four_a_second(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    assert_eq!(times!(4, ten_a_second), [0, 100, 200, 300]);
    assert_eq!(times!(3, every_half_second), [0, 500, 1000]);
    assert_eq!(times!(3, four_a_second), [0, 250, 500]);
}

#[test]
fn a_burst_comes_at_once_after_a_pause() {
    #[cache(rate_limit = "1/s", burst = 3, ignore = [hand])]
    async fn load(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let times = |keys: std::ops::Range<u64>| {
        let start = hand.now();
        keys.map(|key| (hand.drive(MILLI, load(key, &hand)) - start).as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(times(0..5), [0, 0, 0, 1000, 2000]);
    hand.advance(MINUTE);
    assert_eq!(times(5..9), [0, 0, 0, 1000]);
}

#[test]
fn a_limit_that_two_functions_share() {
    static SHARED: LazyLock<Arc<RateLimit>> = LazyLock::new(|| RateLimit::new(1, SECOND).into());
    #[cache(rate_limit = SHARED.clone(), ignore = [hand])]
    async fn one(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    #[cache(rate_limit = SHARED.clone(), ignore = [hand])]
    async fn two(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let times: Vec<_> = (0..2)
        .flat_map(|key| [hand.drive(MILLI, one(key, &hand)), hand.drive(MILLI, two(key, &hand))])
        .map(|time| time.as_secs())
        .collect();
    assert_eq!(times, [0, 1, 2, 3]);
    assert_eq!((one::cache().stats().limited, two::cache().stats().limited), (1, 2));
}

#[test]
fn each_value_of_per_has_a_rate_of_its_own() {
    struct Url(String);
    impl Url {
        fn host(&self) -> Option<&str> {
            self.0.split('/').next()
        }
    }
    #[cache(rate_limit = "1/s", per = url.host(), key = (url.0))]
    async fn fetch(url: Url, hand: &Hand) -> Duration {
        drop(url);
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let mut fetch = |url: &str| hand.drive(MILLI, fetch(Url(url.to_owned()), &hand)).as_millis();
    assert_eq!(["a/1", "b/1", "c/1"].map(&mut fetch), [0, 0, 0]);
    assert_eq!(["a/2", "b/2", "a/3"].map(&mut fetch), [1000, 1000, 2000]);
    assert_eq!(["a/1", "a/2"].map(fetch), [0, 1000], "hits");
}

#[test]
fn what_is_generic_has_a_limit_for_each_of_its_forms() {
    #[cache(rate_limit = "1/s", on_limit = error)]
    fn size<T: 'static>(key: u64) -> Result<usize, Error> {
        Ok(size_of::<T>())
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert!(size::<u8>(1).is_ok() && size::<u64>(1).is_ok());
    assert!(size::<u8>(2).is_err() && size::<u64>(2).is_err());
}

#[test]
fn instances_with_caches_of_their_own_have_limits_of_their_own() {
    #[derive(Default)]
    struct Client {
        cache: cacher::Site,
    }
    impl Client {
        #[cache(site = self.cache, ignore = [self], rate_limit = "1/s", on_limit = error)]
        pub(crate) fn get(&self, page: u64) -> Result<u64, Error> {
            Ok(page)
        }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let [one, two] = [Client::default(), Client::default()];
    assert!(one.get(1).is_ok() && two.get(1).is_ok());
    assert!(one.get(2).is_err() && two.get(2).is_err());
}

#[test]
fn threads_with_caches_of_their_own_share_the_limit() {
    #[cache(thread_local, rate_limit = "1/s", on_limit = error)]
    fn load(key: u64) -> Result<std::rc::Rc<u64>, Error> {
        Ok(key.into())
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert!(load(1).is_ok() && load(1).is_ok() && load(2).is_err());
    thread::spawn(|| assert!(load(1).is_err())).join().unwrap();
    clock.advance(SECOND);
    thread::spawn(|| assert!(load(1).is_ok() && load(1).is_ok())).join().unwrap();
    assert!(load(1).is_ok() && load(2).is_err());
}

// What becomes of a call that is held back.

#[test]
fn an_error_at_once() {
    runs!(RUNS);
    #[cache(rate_limit = "1/s", on_limit = error, name = "an_error_at_once")]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(RUNS.fetch_add(1, SeqCst))
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1).unwrap();
    for _ in 0..10 {
        clock.advance(SECOND / 20);
        let error = load(2).unwrap_err();
        assert_eq!(error.kind(), Kind::Limited);
        assert!(error.to_string().contains("an_error_at_once"), "{error}");
    }
    assert_eq!((load(1).unwrap(), load::cache().stats().limited), (0, 10));
    // What was refused has taken nothing.
    clock.advance(SECOND / 2);
    assert_eq!((load(2).unwrap(), load(2).unwrap()), (1, 1));
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.hits, stats.store_errors), (2, 0, 2, 0));
}

#[test]
fn an_error_of_the_user_says_it() {
    #[cache(rate_limit = "1/s", on_limit = error)]
    async fn load(key: u64) -> Result<u64, Failure> {
        if key == 0 { Err(Failure::Body) } else { Ok(key) }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    // A load that fails has run all the same.
    assert_eq!(block_on(load(0)), Err(Failure::Body));
    assert_eq!(block_on(load(1)), Err(Failure::Limited));
    clock.advance(SECOND);
    assert_eq!(block_on(load(1)), Ok(1));
}

#[test]
fn a_wait_is_bounded_by_max_wait() {
    #[cache(rate_limit = "1/s", max_wait = "1s", ignore = [hand])]
    async fn load(key: u64, hand: &Hand) -> Result<Duration, Failure> {
        Ok(hand.now())
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let load = |key| hand.drive(MILLI, load(key, &hand)).map(|time| time.as_secs());
    assert_eq!([0, 1, 2].map(load), [Ok(0), Ok(1), Ok(2)]);
    hand.advance(Duration::from_millis(1));
    // Two at a time: the second would have to wait for two seconds, which is known at once.
    #[cache(rate_limit = "1/2s", max_wait = "1999ms", ignore = [hand])]
    async fn slow(key: u64, hand: &Hand) -> Result<Duration, Failure> {
        Ok(hand.now())
    }
    let slow = |key| poll_once(&mut pin!(slow(key, &hand))).map(|result| result.is_ok());
    assert_eq!(slow(0), Poll::Ready(true));
    assert_eq!(slow(1), Poll::Ready(false));
    hand.advance(MILLI);
    assert_eq!(slow(1), Poll::Pending);
}

#[test]
fn without_max_wait_five_minutes_are_the_most_where_an_error_can_say_so() {
    #[cache(rate_limit = "1/h")]
    async fn tells(key: u64) -> Result<u64, Failure> {
        Ok(key)
    }
    #[cache(rate_limit = "1/h", ignore = [hand])]
    async fn waits(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    assert_eq!([0, 1].map(|key| block_on(tells(key))), [Ok(0), Err(Failure::Limited)]);
    hand.advance(55 * MINUTE);
    assert_eq!(hand.drive(SECOND, tells(1)), Ok(1));
    assert_eq!(hand.now(), 60 * MINUTE);
    hand.drive(SECOND, waits(0, &hand));
    assert_eq!(hand.drive(SECOND, waits(1, &hand)), 120 * MINUTE);
}

#[test]
fn followers_wait_no_longer_than_max_wait_in_all() {
    #[cache(rate_limit = "1/4s", max_wait = "10s", ignore = [hand])]
    async fn load(key: u64, hand: &Hand) -> Result<Duration, Failure> {
        Ok(hand.now())
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let [mut first, mut second, mut third, mut leader, mut follower] =
        [0, 1, 2, 9, 9].map(|key| Box::pin(load(key, &hand)));
    assert!(poll_once(&mut first).is_ready());
    for waiting in [&mut second, &mut third, &mut leader, &mut follower] {
        assert!(poll_once(waiting).is_pending());
    }
    hand.advance(4 * SECOND);
    assert!(poll_once(&mut second).is_ready());
    for waiting in [&mut third, &mut leader, &mut follower] {
        assert!(poll_once(waiting).is_pending());
    }
    hand.advance(4 * SECOND);
    assert!(poll_once(&mut third).is_ready());
    // After another four seconds it would have been twelve.
    assert_eq!(poll_once(&mut leader), Poll::Ready(Err(Failure::Limited)));
    assert_eq!(poll_once(&mut follower), Poll::Ready(Err(Failure::Limited)));
}

#[test]
fn a_stale_value_from_memory() {
    runs!(RUNS);
    #[cache(rate_limit = "1/m", on_limit = stale, ttl = "10s")]
    fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), 0);
    clock.advance(15 * SECOND);
    assert_eq!((load::entry(1).peek(), load::entry(1).info()), (None, None), "it is not fresh");
    assert_eq!((load(1), load(1)), (0, 0));
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.hits, stats.misses, stats.stale_hits, stats.limited), (1, 0, 3, 2, 2));
    // Nothing older than that is served: the call waits.
    clock.advance(5 * SECOND);
    let waiting = thread::spawn(|| load(1));
    until(|| load::cache().stats().limited == 3);
    assert!(!waiting.is_finished());
    clock.advance(40 * SECOND);
    assert_eq!(waiting.join().unwrap(), 1);
}

#[test]
fn a_removed_value_is_not_served_as_a_stale_one() {
    #[cache(rate_limit = "1/m", on_limit = stale, ttl = "10s", max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Failure> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1).unwrap();
    clock.advance(15 * SECOND);
    assert_eq!(load(1), Ok(1));
    assert_eq!(load::entry(1).invalidate(), Removal::Absent, "it was past its time");
    assert_eq!(load(1), Err(Failure::Limited));
    assert!(load::entry(1).insert(7));
    clock.advance(15 * SECOND);
    assert_eq!(load(1), Ok(7));
    load::cache().clear();
    assert_eq!(load(1), Err(Failure::Limited));
}

#[test]
fn a_stale_value_from_a_store() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = STORE.clone(), rate_limit = "1/m", on_limit = stale, ttl = "10s", max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Failure> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((load(1), load(2)), (Ok(1), Err(Failure::Limited)));
    clock.advance(15 * SECOND);
    assert_eq!((load::entry(1).peek(), load(1)), (None, Ok(1)));
    assert_eq!(load::cache().stats().stale_hits, 1);
    clock.advance(5 * SECOND);
    assert_eq!(load(1), Err(Failure::Limited));
}

#[test]
fn a_stale_value_from_the_store_behind_memory() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = ["memory://", STORE.clone()], capacity = 1, rate_limit = "1/m", burst = 2, on_limit = stale,
        ttl = "10s", max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Failure> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1).unwrap();
    load(2).unwrap();
    assert_eq!(load::cache().stats().entries, 1);
    clock.advance(15 * SECOND);
    assert_eq!((load(1), load(2)), (Ok(1), Ok(2)));
    assert_eq!(load::cache().stats().stale_hits, 2);
}

#[test]
fn what_expires_by_idleness_is_not_kept_for_ever_as_a_stale_value() {
    #[cache(rate_limit = "1000/s", on_limit = stale, tti = "10s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1);
    clock.advance(15 * SECOND);
    assert_eq!(load::cache().stats().entries, 1);
    advance_until(&clock, || load::cache().stats().entries == 0);
}

// Whom it concerns.

#[test]
fn hits_are_never_limited() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(rate_limit = "1/h")]
    fn in_memory(key: u64) -> u64 {
        key
    }
    #[cache(backend = STORE.clone(), rate_limit = "1/h")]
    fn in_a_store(key: u64) -> u64 {
        key
    }
    #[cache(backend = ["memory://", STORE.clone()], capacity = 1, rate_limit = "1/h", burst = 2)]
    fn in_tiers(key: u64) -> u64 {
        key
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        for _ in 0..10 {
            assert_eq!((in_memory(1), in_a_store(1), in_tiers(1), in_tiers(2)), (1, 1, 1, 2));
        }
        for cache in [in_memory::cache(), in_a_store::cache(), in_tiers::cache()] {
            assert_eq!((cache.stats().limited, cache.stats().hits), (0, cache.stats().loads * 9));
        }
    });
}

#[test]
fn refreshes_are_limited_but_not_what_leaves_the_cache_out() {
    runs!(RUNS);
    #[cache(rate_limit = "1/m", on_limit = error)]
    fn load(key: u64) -> Result<u64, Failure> {
        Ok(RUNS.fetch_add(1, SeqCst))
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((load(1), load::refresh(1)), (Ok(0), Err(Failure::Limited)));
    assert_eq!(load(1), Ok(0), "a refresh that was refused leaves what there was");
    assert_eq!((load::uncached(1), cacher::bypass(|| load(1))), (Ok(1), Ok(2)));
    assert_eq!(cacher::read_only(|| load(2)), Err(Failure::Limited));
    assert!(load::entry(2).insert(9));
    clock.advance(MINUTE);
    assert_eq!((load::refresh(1), load(1)), (Ok(3), Ok(3)));
    assert_eq!(cacher::refresh(|| load(1)), Err(Failure::Limited));
}

#[test]
fn lone_loads_are_limited() {
    #[cache(rate_limit = "1/m", on_limit = error)]
    fn load(key: u64) -> Result<u64, Failure> {
        // It would wait for itself, so it loads on its own.
        load(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), Err(Failure::Limited));
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.lone_loads, stats.limited), (1, 1, 1));
}

#[test]
fn calls_without_single_flight_are_limited() {
    #[cache(rate_limit = "1/m", on_limit = error, single_flight = off)]
    fn load(key: u64) -> Result<u64, Failure> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((load(1), load(2), load(1)), (Ok(1), Err(Failure::Limited), Ok(1)));
}

// Waiting.

#[test]
fn a_sync_caller_waits_on_its_thread() {
    #[cache(rate_limit = "1/s")]
    fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(0);
    let waiting = thread::spawn(|| load(1));
    until(|| load::cache().stats().limited == 1);
    clock.advance(SECOND - MILLI);
    assert!(!waiting.is_finished());
    assert_eq!(load::cache().stats().loads, 1);
    clock.advance(MILLI);
    assert_eq!(waiting.join().unwrap(), 1);
}

#[tokio::test]
async fn an_executor_of_one_thread_goes_on_meanwhile() {
    #[cache(rate_limit = "1/s")]
    async fn load(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(0).await;
    let waiting = tokio::spawn(load(1));
    until_async(|| load::cache().stats().limited == 1).await;
    assert_eq!(load(0).await, 0, "a hit");
    clock.advance(SECOND);
    assert_eq!(waiting.await.unwrap(), 1);
}

#[tokio::test]
async fn it_works_on_the_clock_of_the_system() {
    #[cache(rate_limit = "1/20ms")]
    async fn load(key: u64) -> std::time::Instant {
        std::time::Instant::now()
    }
    let first = load(0).await;
    let last = load(3).await.max(load(1).await).max(load(2).await);
    assert!(last - first >= Duration::from_millis(55), "{:?}", last - first);
}

#[test]
fn a_call_that_is_dropped_while_it_waits_takes_nothing() {
    #[cache(rate_limit = "1/s", ignore = [hand])]
    async fn load(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    hand.drive(MILLI, load(0, &hand));
    {
        let mut dropped: Vec<_> = (1..5).map(|key| Box::pin(load(key, &hand))).collect();
        assert!(dropped.iter_mut().all(|call| poll_once(call).is_pending()));
    }
    assert_eq!(hand.drive(MILLI, load(5, &hand)), SECOND);
    assert_eq!(load::cache().stats().load_failures, 0, "no body ran");
    assert_eq!(hand.drive(MILLI, load(1, &hand)), 2 * SECOND);
}

#[test]
fn a_call_that_is_dropped_in_its_body_has_taken_its_turn() {
    #[cache(rate_limit = "1/s", on_limit = error)]
    async fn load(key: u64) -> Result<u64, Failure> {
        if key == 0 { std::future::pending().await } else { Ok(key) }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert!(poll_once(&mut Box::pin(load(0))).is_pending());
    assert_eq!(block_on(load(1)), Err(Failure::Limited));
    assert_eq!(load::cache().stats().load_failures, 1);
}

#[test]
fn followers_of_a_load_that_is_held_back_take_no_turn() {
    runs!(RUNS);
    #[cache(rate_limit = "1/m", patience = "10s")]
    async fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    block_on(load(0));
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(load(1))).collect();
    // They wait longer than they would for a body: until this one has begun.
    for _ in 0..59 {
        assert!(calls.iter_mut().all(|call| poll_once(call).is_pending()));
        clock.advance(SECOND);
    }
    clock.advance(SECOND);
    assert!(calls.iter_mut().all(|call| poll_once(call) == Poll::Ready(1)));
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.waits, stats.lone_loads, stats.limited), (2, 2, 0, 1));
}

#[test]
fn followers_do_not_wait_for_a_held_back_load_that_nobody_polls() {
    #[cache(rate_limit = "1/m", patience = "10s", ignore = [hand])]
    async fn load(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    block_on(load(0, &hand));
    let mut forgotten = Box::pin(load(1, &hand));
    assert!(poll_once(&mut forgotten).is_pending());
    assert_eq!(hand.drive(SECOND, load(1, &hand)), 70 * SECOND, "patience begins where the wait ends");
}

#[test]
fn a_value_that_is_inserted_meanwhile_is_taken() {
    runs!(RUNS);
    #[cache(rate_limit = "1/s")]
    async fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    block_on(load(0));
    let mut waiting = Box::pin(load(1));
    assert!(poll_once(&mut waiting).is_pending());
    assert!(block_on(load::entry(1).insert(7)));
    clock.advance(SECOND);
    assert_eq!(poll_once(&mut waiting), Poll::Ready(7));
    assert!(poll_once(&mut Box::pin(load(2))).is_ready(), "and no turn");
    assert_eq!(RUNS.load(SeqCst), 2);
}

#[test]
fn what_was_invalidated_while_a_load_was_held_back_does_not_come_back() {
    #[cache(rate_limit = "1/s", ignore = [hand])]
    async fn load(key: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    hand.drive(MILLI, load(0, &hand));
    let mut waiting = Box::pin(load(1, &hand));
    assert!(poll_once(&mut waiting).is_pending());
    block_on(load::entry(1).invalidate());
    let mut later = Box::pin(load(1, &hand));
    assert!(poll_once(&mut later).is_pending());
    assert_eq!(hand.drive(MILLI, &mut later), SECOND);
    assert_eq!(block_on(load::entry(1).peek()), Some(SECOND));
    assert!(hand.drive(MILLI, &mut waiting) >= SECOND);
    assert_eq!(block_on(load::entry(1).peek()), Some(SECOND));
}

#[test]
fn a_panic_takes_its_turn_and_holds_up_nobody() {
    #[cache(rate_limit = "1/s", on_limit = error)]
    fn load(key: u64) -> Result<u64, Failure> {
        assert_ne!(key, 0, "the panic");
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert!(crate::support::panics(|| load(0)).contains("the panic"));
    assert_eq!(load(1), Err(Failure::Limited));
    clock.advance(SECOND);
    assert_eq!(load(1), Ok(1));
}

#[test]
fn without_a_way_to_say_it_a_refused_body_runs_and_that_is_reported() {
    struct Never;
    impl Strategy for Never {
        fn ask_load(&self, _call: &Call<'_>) -> cacher::strategy::Permit {
            cacher::strategy::Permit::Refuse
        }
    }
    #[cache(strategies = [Never], name = "refused_and_run")]
    fn load(key: u64) -> u64 {
        key
    }
    let faults = faults("refused_and_run");
    assert_eq!((load(1), load(1)), (1, 1));
    assert_eq!(faults().len(), 1);
    assert_eq!(faults()[0].error.kind(), Kind::Limited);
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.hits, stats.limited), (1, 1, 1));
}

// Many at once.

/// Notes when loads are permitted, to the moment that the limit before it sees.
#[derive(Default)]
struct Permitted(Mutex<Vec<Duration>>);

impl Strategy for Permitted {
    fn commit_load(&self, call: &Call<'_>) -> bool {
        self.0.lock().unwrap().push(call.now());
        true
    }
}

impl Permitted {
    /// No span of time, its end left out, has more calls than the rate and the burst allow.
    fn assert_no_window_has_too_many(&self, interval: Duration, burst: usize) {
        let mut times = self.0.lock().unwrap().clone();
        times.sort();
        for (first, start) in times.iter().enumerate() {
            for width in 1..20_u32 {
                let inside = times[first..].iter().take_while(|time| **time < *start + interval * width).count();
                assert!(inside < width as usize + burst, "{inside} calls in {width} intervals");
            }
        }
    }
}

#[test]
fn no_window_sees_more_than_allowed_on_the_clock_of_the_system() {
    static PERMITTED: LazyLock<Arc<Permitted>> = LazyLock::new(Arc::default);
    #[cache(rate_limit = "1/2ms", burst = 3, strategies = [PERMITTED.clone()])]
    fn load(key: u64) -> u64 {
        key
    }
    ends(|| {
        let threads: Vec<_> =
            (0..8).map(|thread| thread::spawn(move || (0..6).map(|key| load(thread * 6 + key)).sum::<u64>())).collect();
        assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>(), 47 * 48 / 2);
    });
    assert_eq!(PERMITTED.0.lock().unwrap().len(), 48);
    PERMITTED.assert_no_window_has_too_many(2 * MILLI, 3);
}

#[test]
fn no_window_sees_more_than_allowed_and_nobody_starves() {
    static PERMITTED: LazyLock<Arc<Permitted>> = LazyLock::new(Arc::default);
    static OPEN: Gate = Gate::new();
    #[cache(rate_limit = "1/s", per = key % 2, strategies = [PERMITTED.clone()])]
    fn load(key: u64) -> u64 {
        key
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let _ = load::cache();
        let threads: Vec<_> = (0..20_u64)
            .map(|key| {
                thread::spawn(move || {
                    OPEN.pass();
                    load(key * 2)
                })
            })
            .collect();
        OPEN.open();
        advance_until(&clock, || threads.iter().all(thread::JoinHandle::is_finished));
    });
    PERMITTED.assert_no_window_has_too_many(SECOND, 1);
    assert_eq!(load::cache().stats().loads, 20);
}

#[test]
fn tasks_on_several_threads() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static PERMITTED: LazyLock<Arc<Permitted>> = LazyLock::new(Arc::default);
    #[cache(rate_limit = "2000/s", strategies = [PERMITTED.clone()])]
    async fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, Relaxed);
        key
    }
    ends(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..120).map(|key| tokio::spawn(load(key / 2))).collect();
            for (key, task) in (0..).zip(tasks) {
                assert_eq!(task.await.unwrap(), key / 2);
            }
        });
    });
    assert_eq!(RUNS.load(Relaxed), 60);
    PERMITTED.assert_no_window_has_too_many(SECOND / 2000, 1);
}
