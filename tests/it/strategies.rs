//! What users decide about reads, loads, writes, removals and clears, and make of values.

use std::{
    collections::HashSet,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use cacher::{
    Error, Kind, Removal,
    backend::{Backend, Key},
    cache,
    strategy::{
        Call, Condition, Draft, Found, Freshness, LoadEnd, Permit, RateLimit, Strategy, Transform, Ttl, Verdict,
    },
    testing::ManualClock,
};

use crate::{
    common::faults,
    gated::Gated,
    support::{block_on, ends, panics, poll_once, runs},
};

const SECOND: Duration = Duration::from_secs(1);

/// Notes each hook, and says no or panics where it is told to.
#[derive(Default)]
struct Recorder {
    name: &'static str,
    log: Arc<Mutex<Vec<String>>>,
    refuses: Mutex<HashSet<&'static str>>,
    panics: Mutex<HashSet<&'static str>>,
    freshness: Mutex<Option<Freshness>>,
}

impl Recorder {
    /// Two that write to one log, each before its name.
    fn pair() -> [Arc<Self>; 2] {
        let log = Arc::default();
        ["A.", "B."].map(|name| Arc::new(Self { name, log: Arc::clone(&log), ..Self::default() }))
    }

    fn note(&self, hook: &'static str) -> Verdict {
        self.log.lock().unwrap().push(format!("{}{hook}", self.name));
        let panics = self.panics.lock().unwrap().contains(hook);
        assert!(!panics, "the panic of {hook}");
        if self.refuses.lock().unwrap().contains(hook) { Verdict::Refuse } else { Verdict::Proceed }
    }

    fn refuse(&self, hooks: impl IntoIterator<Item = &'static str>) {
        *self.refuses.lock().unwrap() = hooks.into_iter().collect();
    }

    /// What was said since it was last asked.
    fn said(&self) -> String {
        std::mem::take(&mut *self.log.lock().unwrap()).join(" ")
    }
}

impl Strategy for Recorder {
    fn ask_read(&self, _call: &Call<'_>) -> Verdict {
        self.note("ask_read")
    }
    fn commit_read(&self, _call: &Call<'_>) {
        self.note("commit_read");
    }
    fn ask_found(&self, _call: &Call<'_>, _found: &Found) -> Freshness {
        self.note("ask_found");
        self.freshness.lock().unwrap().unwrap_or(Freshness::Fresh)
    }
    fn commit_found(&self, _call: &Call<'_>, _found: &Found) {
        self.note("commit_found");
    }
    fn ask_load(&self, _call: &Call<'_>) -> Permit {
        if self.note("ask_load") == Verdict::Refuse { Permit::Refuse } else { Permit::Now }
    }
    fn commit_load(&self, _call: &Call<'_>) -> bool {
        self.note("commit_load") == Verdict::Proceed
    }
    fn revoke_load(&self, _call: &Call<'_>) {
        self.note("revoke_load");
    }
    fn after_load(&self, _call: &Call<'_>, end: LoadEnd) {
        self.note(if end == LoadEnd::Value { "after_load(value)" } else { "after_load(failure)" });
    }
    fn ask_write(&self, _call: &Call<'_>, _draft: &mut Draft) -> Verdict {
        self.note("ask_write")
    }
    fn commit_write(&self, _call: &Call<'_>, _draft: &Draft) {
        self.note("commit_write");
    }
    fn ask_remove(&self, _call: &Call<'_>) -> Verdict {
        self.note("ask_remove")
    }
    fn commit_remove(&self, _call: &Call<'_>) {
        self.note("commit_remove");
    }
    fn ask_clear(&self, _call: &Call<'_>) -> Verdict {
        self.note("ask_clear")
    }
    fn commit_clear(&self, _call: &Call<'_>) {
        self.note("commit_clear");
    }
}

macro_rules! recorder {
    ($name:ident) => {
        static $name: LazyLock<Arc<Recorder>> = LazyLock::new(Arc::default);
    };
}

macro_rules! pair {
    ($a:ident, $b:ident) => {
        static PAIR: LazyLock<[Arc<Recorder>; 2]> = LazyLock::new(Recorder::pair);
        static $a: LazyLock<Arc<Recorder>> = LazyLock::new(|| Arc::clone(&PAIR[0]));
        static $b: LazyLock<Arc<Recorder>> = LazyLock::new(|| Arc::clone(&PAIR[1]));
    };
}

/// A store that counts what it is asked.
#[derive(Clone, Default)]
struct Counted(Gated, Arc<AtomicU64>);

impl Counted {
    fn reads(&self) -> u64 {
        self.1.load(SeqCst)
    }
}

impl Backend for Counted {
    fn describe(&self) -> String {
        self.0.describe()
    }
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        self.1.fetch_add(1, SeqCst);
        self.0.get(key)
    }
    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<(), Error> {
        self.0.put(key, entry, expires)
    }
    fn remove(&self, key: &Key) -> Result<bool, Error> {
        self.0.remove(key)
    }
    fn clear(&self, namespace: &str) -> Result<u64, Error> {
        self.0.clear(namespace)
    }
}

// In which order.

#[test]
fn the_timeline_of_a_function_in_memory() {
    recorder!(R);
    static FAILS: AtomicBool = AtomicBool::new(false);
    #[cache(strategies = [R.clone()])]
    fn load(key: u64) -> Result<u64, Error> {
        assert_ne!(key, 99, "the panic");
        if FAILS.load(SeqCst) { Err(Error::new(Kind::Unavailable, "it fails")) } else { Ok(key) }
    }
    let load_and_write = "ask_load commit_load after_load(value) ask_write commit_write";
    load(1).unwrap();
    assert_eq!(R.said(), format!("ask_read commit_read {load_and_write}"), "a miss");
    load(1).unwrap();
    assert_eq!(R.said(), "ask_read commit_read ask_found commit_found", "a hit");
    load::refresh(1).unwrap();
    assert_eq!(R.said(), load_and_write, "a refresh");
    load::entry(1).insert(2);
    assert_eq!(R.said(), "ask_write commit_write", "insert");
    assert!(load::entry(1).expire_in(SECOND));
    assert_eq!(R.said(), "ask_read ask_found ask_write commit_write", "expire_in");
    for look in [
        || load::entry(1).peek().is_some(),
        || load::entry(1).contains(),
        || load::entry(1).info().is_some(),
        || load::entry(1).explain().found.is_some(),
    ] {
        assert!(look());
        assert_eq!(R.said(), "ask_read ask_found", "looking commits nothing");
    }
    assert_eq!(load::entry(1).invalidate(), Removal::Removed);
    assert_eq!(R.said(), "ask_remove commit_remove");
    assert_eq!(load::cache().clear(), Removal::Absent);
    assert_eq!(R.said(), "ask_clear commit_clear");
    load::uncached(1).unwrap();
    cacher::bypass(|| load(1)).unwrap();
    assert_eq!(R.said(), "", "nobody is asked");

    FAILS.store(true, SeqCst);
    load(1).unwrap_err();
    assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(failure)", "an error");
    panics(|| load(99));
    assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(failure)", "a panic");
}

#[test]
fn the_timeline_of_refusals() {
    recorder!(R);
    #[cache(strategies = [R.clone()])]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    load(1).unwrap();
    R.said();
    R.refuse(["ask_read"]);
    load(1).unwrap();
    assert_eq!(R.said(), "ask_read ask_load commit_load after_load(value) ask_write commit_write");
    R.refuse(["ask_load"]);
    assert_eq!(load(2).unwrap_err().kind(), Kind::Limited);
    assert_eq!(R.said(), "ask_read commit_read ask_load");
    R.refuse(["ask_write"]);
    assert_eq!(load(2).unwrap(), 2);
    assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(value) ask_write");
    assert!(!load::entry(3).insert(3));
    assert_eq!(R.said(), "ask_write");
    R.refuse(["ask_remove"]);
    assert_eq!(load::entry(1).invalidate(), Removal::Refused);
    assert_eq!(R.said(), "ask_remove");
    R.refuse(["ask_clear"]);
    assert_eq!(load::cache().clear(), Removal::Refused);
    assert_eq!(R.said(), "ask_clear");
    assert_eq!((load::cache().len(), load(1).unwrap()), (1, 1));
}

#[test]
fn the_timeline_with_a_store() {
    static STORE: LazyLock<Counted> = LazyLock::new(Counted::default);
    recorder!(R);
    #[cache(backend = STORE.clone(), strategies = [R.clone()])]
    fn load(key: u64) -> u64 {
        key
    }
    load(1);
    assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(value) ask_write commit_write");
    load(1);
    assert_eq!(R.said(), "ask_read commit_read ask_found commit_found");
    assert_eq!(load::entry(1).peek(), Some(1));
    assert_eq!(R.said(), "ask_read ask_found");
    let reads = STORE.reads();
    R.refuse(["ask_read"]);
    assert_eq!((load(1), load::entry(1).peek()), (1, None));
    assert_eq!(STORE.reads(), reads, "no store is read");
    R.refuse(["ask_write"]);
    R.said();
    load(2);
    assert_eq!(STORE.0.len(), 1, "nor written");
}

#[test]
fn an_entry_on_its_way_up_is_not_written_anew() {
    static STORE: LazyLock<Counted> = LazyLock::new(Counted::default);
    recorder!(R);
    #[cache(backend = ["memory://", STORE.clone()], capacity = 1, strategies = [R.clone()])]
    fn load(key: u64) -> u64 {
        key
    }
    assert_eq!((load(1), load(2)), (1, 2));
    R.said();
    load(1);
    assert_eq!(R.said(), "ask_read commit_read ask_found commit_found", "from the store");
    load(1);
    assert_eq!(R.said(), "ask_read commit_read ask_found commit_found", "from memory");
    assert_eq!(STORE.reads(), 3);
}

#[test]
fn the_timeline_of_an_async_function() {
    recorder!(R);
    #[cache(strategies = [R.clone()])]
    async fn load(key: u64) -> u64 {
        if key == 0 { std::future::pending().await } else { key }
    }
    block_on(load(1));
    assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(value) ask_write commit_write");
    block_on(load(1));
    assert_eq!(R.said(), "ask_read commit_read ask_found commit_found");
    assert!(poll_once(&mut Box::pin(load(0))).is_pending());
    assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(failure)", "it was dropped");
    let mut leader = Box::pin(load(0));
    assert!(poll_once(&mut leader).is_pending());
    R.said();
    assert!(poll_once(&mut Box::pin(load(0))).is_pending());
    assert_eq!(R.said(), "ask_read commit_read", "a follower");
}

#[test]
fn a_load_whose_storing_is_cancelled_has_ended_once() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    recorder!(R);
    #[cache(backend = STORE.clone(), strategies = [R.clone()])]
    async fn load(key: u64) -> u64 {
        key
    }
    ends(|| {
        STORE.shut();
        let mut call = Box::pin(load(1));
        while R.log.lock().unwrap().last().is_none_or(|said| said != "ask_write") {
            assert!(poll_once(&mut call).is_pending());
        }
        drop(call);
        assert_eq!(R.said(), "ask_read commit_read ask_load commit_load after_load(value) ask_write");
        STORE.open();
    });
}

#[test]
fn all_are_asked_even_after_one_said_no() {
    pair!(A, B);
    #[cache(strategies = [A.clone(), B.clone()])]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    load(1).unwrap();
    A.said();
    A.refuse(["ask_read", "ask_load", "ask_write", "ask_remove", "ask_clear"]);
    load(2).unwrap_err();
    assert_eq!(A.said(), "A.ask_read B.ask_read A.ask_load B.ask_load");
    assert!(!load::entry(2).insert(2));
    assert_eq!(A.said(), "A.ask_write B.ask_write");
    assert_eq!(load::entry(1).invalidate(), Removal::Refused);
    assert_eq!(A.said(), "A.ask_remove B.ask_remove");
    assert_eq!(load::cache().clear(), Removal::Refused);
    assert_eq!(A.said(), "A.ask_clear B.ask_clear");
}

#[test]
fn a_conflict_revokes_what_was_committed_and_all_are_asked_again() {
    struct Once(Arc<Recorder>);
    impl Strategy for Once {
        fn commit_load(&self, call: &Call<'_>) -> bool {
            let permits = self.0.commit_load(call);
            self.0.refuse([]);
            permits
        }
    }
    pair!(A, B);
    #[cache(rate_limit = "1/s", on_limit = error, strategies = [A.clone(), Once(B.clone()), A.clone()])]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    B.refuse(["commit_load"]);
    assert_eq!(load(1).unwrap(), 1, "the rate limit has its turn back as well");
    let said = A.said();
    let said = said.trim_start_matches("A.ask_read A.ask_read A.commit_read A.commit_read ");
    assert!(
        said.starts_with(
            "A.ask_load A.ask_load A.commit_load B.commit_load A.revoke_load \
             A.ask_load A.ask_load A.commit_load B.commit_load A.commit_load A.after_load(value)"
        ),
        "{said}"
    );
}

#[test]
fn a_strategy_that_always_conflicts_hangs_nobody() {
    struct Fickle(Permit);
    impl Strategy for Fickle {
        fn ask_load(&self, _call: &Call<'_>) -> Permit {
            self.0
        }
        fn commit_load(&self, _call: &Call<'_>) -> bool {
            false
        }
    }
    #[cache(strategies = [Fickle(Permit::Now)])]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    #[cache(strategies = [Fickle(Permit::After(Duration::ZERO))], max_wait = "50ms")]
    fn soon(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    assert_eq!(ends(|| load(1)).unwrap_err().kind(), Kind::Limited);
    assert_eq!(ends(|| soon(1)).unwrap_err().kind(), Kind::Limited);
}

#[test]
fn a_hook_that_panics_is_reported_and_has_said_nothing() {
    recorder!(R);
    #[cache(strategies = [R.clone()], name = "hooks_that_panic")]
    fn load(key: u64) -> u64 {
        key
    }
    let faults = faults("hooks_that_panic");
    let hooks = [
        "ask_read",
        "commit_read",
        "ask_found",
        "commit_found",
        "ask_load",
        "commit_load",
        "after_load(value)",
        "ask_write",
        "commit_write",
        "ask_remove",
        "commit_remove",
        "ask_clear",
        "commit_clear",
    ];
    for hook in hooks {
        *R.panics.lock().unwrap() = [hook].into();
        assert_eq!((load(1), load(1)), (1, 1));
        assert_eq!(load::entry(1).invalidate(), Removal::Removed);
        load::cache().clear();
    }
    assert_eq!(load::cache().stats().loads, hooks.len() as u64, "each time the second call was a hit");
    let faults = faults();
    assert!(faults.len() >= hooks.len() && faults.iter().all(|fault| fault.error.kind() == Kind::Invalid));
}

#[test]
fn hooks_may_call_the_function_themselves() {
    struct Curious(AtomicBool);
    impl Strategy for Curious {
        fn ask_load(&self, _call: &Call<'_>) -> Permit {
            if !self.0.swap(true, SeqCst) {
                load(1);
                load(2);
                load::entry(1).invalidate();
            }
            Permit::Now
        }
    }
    #[cache(strategies = [Curious(AtomicBool::new(false))])]
    fn load(key: u64) -> u64 {
        key
    }
    assert_eq!(ends(|| (load(1), load(2))), (1, 2));
}

// What strategies decide.

#[test]
fn the_least_fresh_answer_counts() {
    pair!(A, B);
    runs!(RUNS);
    #[cache(strategies = [A.clone(), B.clone()])]
    fn load(key: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst)
    }
    assert_eq!((load(1), load(1)), (0, 0));
    *A.freshness.lock().unwrap() = Some(Freshness::Stale);
    assert_eq!((load::entry(1).peek(), load(1)), (None, 1));
    *A.freshness.lock().unwrap() = None;
    *B.freshness.lock().unwrap() = Some(Freshness::Expired);
    assert_eq!((load(1), load::cache().stats().expirations), (2, 0));
}

#[test]
fn a_held_back_call_gets_what_is_stale_but_not_what_has_expired_or_may_not_be_read() {
    static STORE: LazyLock<Counted> = LazyLock::new(Counted::default);
    recorder!(R);
    #[cache(strategies = [R.clone()])]
    fn in_memory(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    #[cache(backend = STORE.clone(), strategies = [R.clone()])]
    fn in_a_store(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    for load in [in_memory as fn(u64) -> Result<u64, Error>, in_a_store] {
        R.refuse([]);
        *R.freshness.lock().unwrap() = None;
        load(1).unwrap();
        R.refuse(["ask_load"]);
        *R.freshness.lock().unwrap() = Some(Freshness::Stale);
        assert_eq!(load(1).unwrap(), 1);
        *R.freshness.lock().unwrap() = Some(Freshness::Expired);
        load(1).unwrap_err();
        *R.freshness.lock().unwrap() = Some(Freshness::Stale);
        R.refuse(["ask_load", "ask_read"]);
        load(1).unwrap_err();
    }
    assert_eq!((in_memory::cache().stats().stale_hits, in_a_store::cache().stats().stale_hits), (1, 1));
}

#[test]
fn a_draft_may_be_given_another_life() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    struct Lives(Option<Duration>);
    impl Strategy for Lives {
        fn ask_write(&self, _call: &Call<'_>, draft: &mut Draft) -> Verdict {
            assert_eq!(draft.lifetime(), Some(60 * SECOND));
            draft.set_lifetime(self.0);
            Verdict::Proceed
        }
    }
    #[cache(ttl = "1m", strategies = [Lives(Some(SECOND * 10))])]
    fn shorter(key: u64) -> u64 {
        key
    }
    #[cache(ttl = "1m", strategies = [Lives(None)])]
    fn for_ever(key: u64) -> u64 {
        key
    }
    #[cache(ttl = "1m", strategies = [Lives(Some(Duration::ZERO))])]
    fn not_at_all(key: u64) -> u64 {
        key
    }
    #[cache(ttl = "1m", backend = STORE.clone(), strategies = [Lives(Some(SECOND * 10))])]
    fn shorter_in_a_store(key: u64) -> u64 {
        key
    }
    #[cache(ttl = "1m", backend = STORE.clone(), strategies = [Lives(None)])]
    fn no_longer_in_a_store(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let _ = (shorter(1), for_ever(1), not_at_all(1), shorter_in_a_store(1), no_longer_in_a_store(1));
    assert_eq!(shorter::entry(1).info().unwrap().fresh_for, Some(10 * SECOND));
    assert_eq!(for_ever::entry(1).info().unwrap().fresh_for, None);
    assert_eq!((not_at_all::entry(1).peek(), not_at_all::cache().stats().refusals), (None, 1));
    assert_eq!(shorter_in_a_store::entry(1).info().unwrap().fresh_for, Some(10 * SECOND));
    clock.advance(10 * SECOND);
    assert_eq!((shorter::entry(1).peek(), shorter_in_a_store::entry(1).peek()), (None, None));
    clock.advance(50 * SECOND);
    assert_eq!((for_ever::entry(1).peek(), no_longer_in_a_store::entry(1).peek()), (Some(1), None));
}

#[test]
fn what_strategies_are_told() {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    struct Tells;
    impl Tells {
        fn tell(hook: &str, call: &Call<'_>) {
            assert_eq!(call.cache(), "told");
            assert!(call.key().is_some());
            TOLD.lock().unwrap().push(format!("{hook} {}", call.partition() != 0));
        }
    }
    impl Strategy for Tells {
        fn ask_found(&self, call: &Call<'_>, found: &Found) -> Freshness {
            Self::tell("found", call);
            assert_eq!((found.age(), found.fresh_for()), (SECOND * 4, Some(SECOND * 6)));
            assert_eq!((found.load_time(), found.in_memory()), (SECOND, true));
            Freshness::Fresh
        }
        fn ask_load(&self, call: &Call<'_>) -> Permit {
            Self::tell("load", call);
            Permit::Now
        }
        fn after_load(&self, call: &Call<'_>, _end: LoadEnd) {
            Self::tell("after", call);
        }
        fn ask_write(&self, call: &Call<'_>, draft: &mut Draft) -> Verdict {
            Self::tell("write", call);
            assert_eq!((draft.lifetime(), draft.load_time(), draft.is_none()), (Some(SECOND * 10), SECOND, true));
            Verdict::Proceed
        }
        fn commit_write(&self, call: &Call<'_>, draft: &Draft) {
            Self::tell("written", call);
            assert_eq!(draft.lifetime(), Some(SECOND * 10));
        }
    }
    #[cache(name = "told", ttl = "1m", none_ttl = "10s", per = key, strategies = [Tells], ignore = [clock])]
    fn load(key: u64, clock: &ManualClock) -> Option<u64> {
        clock.advance(SECOND);
        None
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1, &clock);
    assert_eq!(*TOLD.lock().unwrap(), ["load true", "after true", "write true", "written true"]);
    clock.advance(SECOND * 4);
    load(1, &clock);
    assert_eq!(TOLD.lock().unwrap().len(), 5);
}

#[test]
fn a_ttl_that_several_caches_share() {
    static SHORT: Ttl = Ttl::new(Duration::from_secs(10));
    #[cache(ttl = "1m", strategies = [&SHORT])]
    fn one(key: u64) -> u64 {
        key
    }
    #[cache(strategies = [Arc::new(SHORT)])]
    fn two(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((one(1), two(1)), (1, 1));
    clock.advance(9 * SECOND);
    assert_eq!((one::entry(1).peek(), two::entry(1).peek()), (Some(1), Some(1)));
    assert!(one::entry(1).expire_in(60 * SECOND), "to expire later is a write as well");
    clock.advance(SECOND);
    assert_eq!((one::entry(1).peek(), two::entry(1).peek()), (Some(1), None));
    clock.advance(9 * SECOND);
    assert_eq!(one::entry(1).peek(), None);
}

#[test]
fn a_condition_on_the_load() {
    #[cache(strategies = [Condition::new(|draft: &Draft| draft.load_time() > SECOND)], ignore = [clock])]
    fn load(seconds: u32, clock: &ManualClock) -> u32 {
        clock.advance(SECOND * seconds);
        seconds
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    load(1, &clock);
    load(2, &clock);
    assert_eq!((load::entry(1).peek(), load::entry(2).peek()), (None, Some(2)));
    assert_eq!(load::cache().stats().refusals, 1);
}

#[test]
fn a_rate_limit_in_the_list_is_one_like_any_other() {
    static SHARED: LazyLock<Arc<RateLimit>> = LazyLock::new(|| RateLimit::new(1, SECOND).into());
    #[cache(strategies = [SHARED.clone()], per = key % 2, on_limit = error)]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    #[cache(strategies = [SHARED.clone()], ttl = "1s", on_limit = stale, max_wait = "1s")]
    fn other(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert!(load(0).is_ok() && load(1).is_ok() && load(2).is_err() && load(3).is_err());
    other(1).unwrap();
    clock.advance(SECOND);
    other(2).unwrap();
    assert_eq!(other(1).unwrap(), 1);
    assert_eq!(other::cache().stats().stale_hits, 1);
}

#[test]
fn a_value_that_was_invalidated_while_it_was_loaded_is_not_committed() {
    recorder!(R);
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = ["memory://", STORE.clone()], strategies = [R.clone()], ignore = [within])]
    fn load(key: u64, within: impl FnOnce()) -> u64 {
        within();
        key
    }
    load(1, || {
        let _ = load::entry(1).invalidate();
    });
    assert!(!R.said().contains("commit_write"));
    assert_eq!((load::entry(1).peek(), STORE.len()), (None, 0));
    // A removal that was refused is none.
    R.refuse(["ask_remove"]);
    load(1, || assert_eq!(load::entry(1).invalidate(), Removal::Refused));
    assert_eq!((load::entry(1).peek(), STORE.len()), (Some(1), 1));
}

#[test]
fn a_generic_function_that_is_cleared_in_part_says_so() {
    struct KeepsBytes;
    impl Strategy for KeepsBytes {
        fn ask_clear(&self, call: &Call<'_>) -> Verdict {
            assert_eq!((call.key(), call.partition()), (None, 0));
            if call.cache().contains("u8") { Verdict::Refuse } else { Verdict::Proceed }
        }
    }
    #[cache(strategies = [KeepsBytes])]
    fn size<T: 'static>(key: u64) -> usize {
        size_of::<T>()
    }
    assert_eq!((size::<u8>(1), size::<u64>(1)), (1, 8));
    assert_eq!(size::cache().clear(), Removal::Refused);
    assert_eq!((size::entry::<u8>(1).peek(), size::entry::<u64>(1).peek()), (Some(1), None));
}

#[test]
fn an_insertion_that_is_refused_leaves_nothing_older() {
    recorder!(R);
    #[cache(strategies = [R.clone()])]
    fn load(key: u64) -> u64 {
        key
    }
    load(1);
    R.refuse(["ask_write"]);
    assert!(!load::entry(1).expire_in(SECOND), "what is there already stays as it is");
    assert_eq!(load::entry(1).peek(), Some(1));
    assert!(!load::entry(1).insert(2));
    assert_eq!(load::entry(1).peek(), None);
}

// What transforms make of values.

/// Writes a digit behind a number on its way in, and another one on its way out.
struct Digits(u64, u64);

impl Transform<u64> for Digits {
    fn write(&self, value: u64) -> u64 {
        value * 10 + self.0
    }
    fn read(&self, value: u64) -> u64 {
        value * 10 + self.1
    }
}

#[test]
fn transforms_in_order_and_back() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    recorder!(R);
    #[cache(strategies = [Digits(1, 4), R.clone(), Digits(2, 3)])]
    fn in_memory(key: u64) -> u64 {
        key
    }
    #[cache(backend = STORE.clone(), strategies = [Digits(1, 4), Digits(2, 3)])]
    fn in_a_store(key: u64) -> u64 {
        key
    }
    #[cache(backend = ["memory://", STORE.clone()], capacity = 1, strategies = [Digits(1, 4), Digits(2, 3)])]
    fn in_tiers(key: u64) -> u64 {
        key
    }
    assert_eq!((in_memory(7), in_a_store(7), in_tiers(7), in_tiers(8)), (7, 7, 7, 8), "a load returns what it made");
    assert_eq!((in_memory(7), in_a_store(7), in_tiers(8)), (71_234, 71_234, 81_234));
    assert_eq!((in_tiers(7), in_tiers(7)), (71_234, 71_234), "from the store, then from memory");
    assert!(R.said().ends_with("ask_found commit_found"));
    assert_eq!((in_memory::entry(7).peek(), in_a_store::entry(7).peek()), (Some(71_234), Some(71_234)));
    assert!(in_memory::entry(7).insert(5) && in_a_store::entry(7).insert(5));
    assert_eq!((in_memory(7), in_a_store(7)), (51_234, 51_234));
    assert!(in_memory::entry(7).expire_in(SECOND) && in_a_store::entry(7).expire_in(SECOND));
    assert_eq!((in_memory(7), in_a_store(7)), (51_234, 51_234), "a longer life is no second way in");
    assert_eq!((in_memory::refresh(7), in_memory(7)), (7, 71_234));
}

#[test]
fn transforms_that_are_shared_or_serve_many_types() {
    struct Same;
    impl<V> Transform<V> for Same {}
    static SHARED: Digits = Digits(1, 2);
    #[cache(strategies = [&SHARED, Arc::new(Digits(3, 4)), Same])]
    fn load(key: u64) -> Result<u64, String> {
        Ok(key)
    }
    #[cache(strategies = [Same])]
    fn generic<T: Clone + Send + Sync + std::hash::Hash + Eq + 'static>(value: T) -> Vec<T> {
        vec![value]
    }
    #[cache(strategies = [Same, &SHARED])]
    async fn later(key: u64) -> u64 {
        key
    }
    assert_eq!((load(7), load(7)), (Ok(7), Ok(71_342)));
    assert_eq!((generic(1), generic(1), generic("one")), (vec![1], vec![1], vec!["one"]));
    assert_eq!((block_on(later(7)), block_on(later(7))), (7, 712));
}

#[test]
fn a_transform_that_panics_keeps_nothing_or_finds_nothing() {
    static READS: AtomicBool = AtomicBool::new(false);
    struct Fragile;
    impl Transform<u64> for Fragile {
        fn write(&self, value: u64) -> u64 {
            assert!(READS.load(SeqCst), "on the way in");
            value
        }
        fn read(&self, _value: u64) -> u64 {
            panic!("on the way out")
        }
    }
    #[cache(strategies = [Fragile], name = "fragile")]
    fn load(key: u64) -> u64 {
        key
    }
    let faults = faults("fragile");
    assert_eq!((load(1), load::cache().len()), (1, 0));
    assert!(!load::entry(1).insert(2));
    assert_eq!(faults().len(), 2);
    READS.store(true, SeqCst);
    assert_eq!((load(1), load::cache().len()), (1, 1));
    assert_eq!((load(1), load::entry(1).peek()), (1, None));
    assert_eq!(load::cache().stats().loads, 3);
    assert!(faults().iter().all(|fault| fault.error.to_string().contains("transform")));
}
