//! Law 4: no lock is held while code of the user runs, so that code may call any cache, and panic.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use cacher::{Removal, Weigh, cache, testing::ManualClock};

use crate::support::{block_on, ends, panics, runs};

const SECOND: Duration = Duration::from_secs(1);

/// Drops what a call returns, `Copy` or not.
fn ignore<T>(_returned: T) {}

/// What a value or key does when something is done to it.
type Act = Arc<dyn Fn(u64) + Send + Sync>;

thread_local! {
    static ACTING: Cell<bool> = const { Cell::new(false) };
}

/// Does `act`, but not within itself.
fn act(what: Option<&Act>, number: u64) {
    let Some(what) = what else { return };
    if ACTING.replace(true) {
        return;
    }
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            ACTING.set(false);
        }
    }
    let _done = Done;
    what(number);
}

/// A value that acts when it is cloned, dropped or weighed.
struct Value {
    number: u64,
    on_clone: Option<Act>,
    on_drop: Option<Act>,
    on_weigh: Option<Act>,
}

impl Value {
    fn new(number: u64) -> Self {
        Self { number, on_clone: None, on_drop: None, on_weigh: None }
    }

    fn on_clone(mut self, act: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.on_clone = Some(Arc::new(act));
        self
    }

    fn on_drop(mut self, act: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Arc::new(act));
        self
    }

    fn on_weigh(mut self, act: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.on_weigh = Some(Arc::new(act));
        self
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        act(self.on_clone.as_ref(), self.number);
        Self {
            number: self.number,
            on_clone: self.on_clone.clone(),
            on_drop: self.on_drop.clone(),
            on_weigh: self.on_weigh.clone(),
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        act(self.on_drop.as_ref(), self.number);
    }
}

impl Weigh for Value {
    fn weigh(&self) -> u64 {
        act(self.on_weigh.as_ref(), self.number);
        100
    }
}

/// Clones with every callback into the same cache.
macro_rules! clone_may {
    ($name:ident, |$key:ident| $act:expr) => {
        #[test]
        fn $name() {
            #[cache]
            fn load(key: u64) -> Value {
                Value::new(key).on_clone(|$key| ignore($act))
            }
            ends(|| {
                for _ in 0..3 {
                    for key in 0..5 {
                        assert_eq!(load(key).number, key);
                        assert!(load::entry(key).peek().is_none_or(|value| value.number == key));
                    }
                }
                load::refresh(1);
                load::entry(1).insert(Value::new(11));
                assert_eq!((load(1).number, load::uncached(1).number), (11, 1));
            });
        }
    };
}

clone_may!(clone_may_call_the_same_key, |key| load(key));
clone_may!(clone_may_call_another_key, |key| load(key + 100));
clone_may!(clone_may_refresh_the_same_key, |key| load::refresh(key));
clone_may!(clone_may_insert_the_same_key, |key| load::entry(key).insert(Value::new(key)));
clone_may!(clone_may_insert_another_key, |key| load::entry(key + 100).insert(Value::new(key)));
clone_may!(clone_may_invalidate_the_same_key, |key| load::entry(key).invalidate());
clone_may!(clone_may_prolong_the_same_key, |key| load::entry(key).expire_in(SECOND));
clone_may!(clone_may_clear, |_key| load::cache().clear());
clone_may!(clone_may_ask_for_the_size, |_key| (load::cache().len(), load::cache().stats()));

#[test]
fn clone_of_an_async_value_may_call_the_same_key() {
    #[cache]
    async fn load(key: u64) -> Value {
        Value::new(key).on_clone(|key| ignore(block_on(load(key))))
    }
    ends(|| {
        for key in 0..3 {
            assert_eq!((block_on(load(key)).number, block_on(load(key)).number), (key, key));
        }
    });
}

#[test]
fn clone_of_an_error_may_call_the_same_key() {
    #[derive(Debug)]
    struct Failed;
    impl Clone for Failed {
        fn clone(&self) -> Self {
            assert_eq!(load(1, false).unwrap(), 1);
            Self
        }
    }
    #[cache(ignore = [fail])]
    fn load(key: u64, fail: bool) -> Result<u64, Failed> {
        if fail { Err(Failed) } else { Ok(key) }
    }
    ends(|| assert!(load(1, true).is_err()));
}

/// Everything that lets go of a value, with a `Drop` that uses the cache.
#[test]
fn drop_may_use_the_cache() {
    static ACTS: AtomicU64 = AtomicU64::new(0);
    #[cache(capacity = 1, ttl = "10s", ignore = [act])]
    fn load(key: u64, act: u8) -> Value {
        Value::new(key).on_drop(move |key| {
            ACTS.fetch_add(1, SeqCst);
            match act {
                0 => ignore(load(key, 9)),
                1 => ignore(load(key + 1000, 9)),
                2 => ignore(load::entry(key).insert(Value::new(key))),
                3 => ignore(load::entry(key + 1000).insert(Value::new(key))),
                4 => ignore(load::entry(key).invalidate()),
                5 => ignore(load::cache().clear()),
                6 => ignore((load::entry(key).peek(), load::cache().len(), load::cache().stats())),
                7 => ignore(load::refresh(key, 9)),
                _ => {}
            }
        })
    }
    let clock = ManualClock::new();
    let in_force = clock.enter();
    assert_eq!(load::cache().len(), 0);
    drop(in_force);
    ends(move || {
        for act in 0..8 {
            // What a call returns is dropped as well, so that is kept out of the count.
            let mut kept = Vec::new();
            let mut let_go_by = |what: &str, way: &dyn Fn()| {
                load::cache().clear();
                kept.push(load(1, act));
                let before = ACTS.load(SeqCst);
                way();
                assert!(ACTS.load(SeqCst) > before, "{what} lets go of the value of act {act}");
            };
            let_go_by("eviction", &|| std::mem::forget(load(2, 9)));
            let_go_by("a refresh", &|| std::mem::forget(load::refresh(1, 9)));
            let_go_by("an insertion", &|| assert!(load::entry(1).insert(Value::new(1))));
            let_go_by("an invalidation", &|| ignore(load::entry(1).invalidate()));
            let_go_by("clearing", &|| ignore(load::cache().clear()));
            let_go_by("the sweep", &|| clock.advance(11 * SECOND));
            let_go_by("expiry on access", &|| {
                clock.advance(10 * SECOND);
                std::mem::forget(load(1, 9));
            });
            let_go_by("a short life", &|| assert!(load::entry(1).expire_in(Duration::ZERO)));
        }
        load::cache().clear();
        std::mem::forget((load(1, 9), load(1, 9)));
    });
    assert_eq!(load::cache().stats().entries, 1);
}

/// A value that is not kept must not be dropped under a lock either.
#[test]
fn drop_of_a_value_that_came_too_late_may_use_the_cache() {
    #[cache(max_bytes = 10_000)]
    fn load(key: u64) -> Arc<Value> {
        Arc::new(Value::new(key))
    }
    ends(|| {
        // Invalidated between the insertion's begin and its end.
        let value = Value::new(1)
            .on_weigh(|key| ignore(load::entry(key).invalidate()))
            .on_drop(|key| ignore((load::entry(key).invalidate(), load(key))));
        assert!(!load::entry(1).insert(Arc::new(value)));
        assert_eq!(load(1).number, 1);
    });
}

#[test]
fn drop_of_a_value_that_is_too_large_may_use_the_cache() {
    #[cache(max_bytes = 50)]
    fn load(key: u64) -> Value {
        Value::new(key).on_drop(|key| ignore((load::entry(key).invalidate(), load(key))))
    }
    ends(|| {
        for key in 0..3 {
            assert_eq!((load(key).number, load::refresh(key).number), (key, key));
            assert!(!load::entry(key).insert(Value::new(key)), "says that it was not kept");
        }
    });
    assert_eq!(load::cache().stats().entries, 0);
}

// Keys.

static ON_KEY: Mutex<Option<Act>> = Mutex::new(None);

/// A key that acts when it is cloned, hashed or dropped.
#[derive(PartialEq, Eq, Debug)]
struct Key(u64, &'static str);

impl Key {
    fn act(&self, now: &str) {
        if self.1 == now {
            let on_key = ON_KEY.lock().unwrap().clone();
            act(on_key.as_ref(), self.0);
        }
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        self.act("clone");
        Self(self.0, self.1)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.act("hash");
        self.0.hash(state);
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.act("drop");
    }
}

#[test]
fn keys_may_use_any_cache() {
    static KIND: Mutex<&str> = Mutex::new("");
    #[cache]
    fn other(key: u64) -> u64 {
        key
    }
    #[cache(capacity = 2)]
    fn load(key: &Key) -> u64 {
        // What the load will store is out of date before it ends.
        if key.0 == 3 {
            load::entry(key).invalidate();
        }
        key.0
    }
    fn uses(kind: &'static str) -> [Act; 5] {
        let key = move |number| Key(number, kind);
        [
            Arc::new(|number| ignore(other::refresh(number))),
            Arc::new(move |number| ignore(load(&key(number)))),
            Arc::new(move |number| ignore(load::entry(&key(number)).invalidate())),
            Arc::new(move |number| ignore(load::entry(&key(number)).insert(number))),
            Arc::new(|_| ignore(load::cache().clear())),
        ]
    }
    for kind in ["clone", "hash", "drop"] {
        for (index, acts) in uses(kind).into_iter().enumerate() {
            *ON_KEY.lock().unwrap() = Some(acts);
            *KIND.lock().unwrap() = kind;
            ends(move || {
                for number in [1, 2, 3, 1, 4, 5, 3] {
                    let key = Key(number, kind);
                    assert_eq!((load(&key), load::refresh(&key)), (number, number), "{kind} {index}");
                    load::entry(&key).insert(number);
                    load::entry(&key).expire_in(SECOND);
                    assert!(load::entry(&key).peek().is_none_or(|value| value == number));
                }
                load::entry(&Key(5, kind)).invalidate();
                load::cache().clear();
            });
            *ON_KEY.lock().unwrap() = None;
        }
    }
}

// Closures and expressions of the attribute.

#[test]
fn predicates_may_use_the_cache() {
    #[cache(cache_if = |value| load::entry(*value + 1).peek().is_none() && again(*value))]
    fn load(key: u64) -> u64 {
        key
    }
    fn again(key: u64) -> bool {
        if !ACTING.replace(true) {
            assert_eq!(load(key), key);
            load::entry(key).insert(key);
            load::cache().clear();
            ACTING.set(false);
        }
        true
    }
    ends(|| {
        for key in [2, 1, 0, 2] {
            assert_eq!(load(key), key);
        }
    });
}

#[test]
fn closures_and_expressions_of_a_ttl_may_use_the_cache() {
    #[cache(ttl = |value| Duration::from_secs(by_value_within(*value)))]
    fn by_value(key: u64) -> u64 {
        key
    }
    fn by_value_within(key: u64) -> u64 {
        if ACTING.replace(true) {
            return 10;
        }
        let ttl = by_value(key) + 10;
        ACTING.set(false);
        ttl
    }
    #[cache(ttl = Duration::from_secs(by_key_within(*key)))]
    fn by_key(key: u64) -> u64 {
        key
    }
    fn by_key_within(key: u64) -> u64 {
        if ACTING.replace(true) {
            return 10;
        }
        let ttl = by_key(key) + 10;
        ACTING.set(false);
        ttl
    }
    ends(|| {
        assert_eq!((by_value(1), by_value(1), by_key(1), by_key(1)), (1, 1, 1, 1));
        assert_eq!((by_value::refresh(1), by_key::refresh(1)), (1, 1));
    });
}

#[test]
fn weighing_may_use_the_cache() {
    #[cache(max_bytes = 1000)]
    fn load(key: u64) -> Value {
        Value::new(key).on_weigh(|key| {
            ignore((load(key), load(key + 100), load::entry(key).peek()));
            load::entry(key).insert(Value::new(key));
            load::cache().clear();
        })
    }
    ends(|| {
        for key in 0..20 {
            assert_eq!((load(key).number, load::refresh(key).number), (key, key));
        }
    });
    assert!(load::cache().stats().bytes <= 1000);
}

// Panics.

#[test]
fn a_panic_in_the_clone_of_a_new_value() {
    static PANICS: AtomicBool = AtomicBool::new(true);
    #[cache]
    fn load(key: u64) -> Value {
        Value::new(key).on_clone(|_| assert!(!PANICS.load(SeqCst), "in clone"))
    }
    ends(|| {
        for _ in 0..3 {
            PANICS.store(true, SeqCst);
            assert_eq!(panics(|| load(1)), "in clone");
            assert!(!load::entry(1).contains());
            PANICS.store(false, SeqCst);
            assert_eq!((load(1).number, load(1).number), (1, 1));
            load::entry(1).invalidate();
        }
    });
    let stats = load::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.hits, stats.entries), (6, 3, 3, 0));
}

#[test]
fn a_panic_in_the_clone_of_a_hit() {
    static PANICS: AtomicBool = AtomicBool::new(false);
    #[cache]
    fn load(key: u64) -> Value {
        Value::new(key).on_clone(|_| assert!(!PANICS.load(SeqCst), "in clone"))
    }
    ends(|| {
        load(1);
        PANICS.store(true, SeqCst);
        assert_eq!((panics(|| load(1)), panics(|| load::entry(1).peek())), ("in clone".into(), "in clone".into()));
        // Other threads are not harmed.
        assert_eq!(thread::spawn(|| panics(|| load(1))).join().unwrap(), "in clone");
        PANICS.store(false, SeqCst);
        assert_eq!(load(1).number, 1);
        assert_eq!(load::entry(1).invalidate(), Removal::Removed);
    });
    assert_eq!(load::cache().stats().loads, 1);
}

#[test]
fn a_panic_in_the_clone_for_a_follower() {
    // The first clone is for the cache; the follower makes the second.
    runs!(CLONES);
    #[cache]
    fn load(key: u64) -> Value {
        crate::support::until(|| load::cache().stats().waits == 1);
        Value::new(key).on_clone(|_| assert!(CLONES.fetch_add(1, SeqCst) != 1, "in clone"))
    }
    ends(|| {
        let leader = thread::spawn(|| load(1).number);
        crate::support::until(|| load::cache().stats().loads == 1);
        assert_eq!(panics(|| load(1)), "in clone");
        assert_eq!(leader.join().unwrap(), 1);
        assert_eq!(load(1).number, 1);
    });
    assert_eq!(load::cache().stats().loads, 1);
}

thread_local! {
    static BROKEN: RefCell<HashSet<&'static str>> = RefCell::default();
}

fn breaks(what: &'static str) {
    assert!(!BROKEN.with_borrow(|broken| broken.contains(what)), "{what} is broken");
}

fn broken<T>(what: &'static str, code: impl FnOnce() -> T) {
    BROKEN.with_borrow_mut(|broken| broken.insert(what));
    assert_eq!(panics(code), format!("{what} is broken"));
    BROKEN.with_borrow_mut(|broken| broken.remove(what));
}

#[test]
fn a_panic_anywhere_leaves_the_cache_whole() {
    #[derive(PartialEq, Eq, Debug)]
    struct Fragile(u64);
    impl Hash for Fragile {
        fn hash<H: Hasher>(&self, state: &mut H) {
            breaks("hash");
            self.0.hash(state);
        }
    }
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            breaks("key");
            Self(self.0)
        }
    }
    impl Weigh for Fragile {
        fn weigh(&self) -> u64 {
            breaks("weight");
            100
        }
    }
    #[cache(
        max_bytes = 1000,
        cache_if = |_| { breaks("predicate"); true },
        ttl = |_| { breaks("ttl"); SECOND },
    )]
    fn load(key: &Fragile) -> Fragile {
        breaks("body");
        Fragile(key.0)
    }
    #[cache(
        max_bytes = 1000,
        cache_if = |_| { breaks("predicate"); true },
        ttl = |_| { breaks("ttl"); SECOND },
    )]
    async fn load_async(key: Fragile) -> Fragile {
        breaks("body");
        Fragile(key.0)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for what in ["hash", "key", "weight", "predicate", "ttl", "body"] {
        for _ in 0..3 {
            let before = load::cache().stats();
            broken(what, || load(&Fragile(1)));
            broken(what, || block_on(load_async(Fragile(1))));
            // Neither waits for what will never come.
            assert_eq!((load(&Fragile(1)).0, load(&Fragile(1)).0), (1, 1), "{what}");
            assert_eq!(block_on(load_async(Fragile(1))).0, 1);
            broken_refresh(what, || load::refresh(&Fragile(1)));
            assert_eq!(load::entry(&Fragile(1)).peek().unwrap().0, 1);
            if !matches!(what, "body" | "hash" | "key") {
                broken(what, || load::entry(&Fragile(1)).insert(Fragile(1)));
            }
            assert_eq!(load::entry(&Fragile(1)).invalidate(), Removal::Removed, "{what}");
            block_on(load_async::entry(Fragile(1)).invalidate());
            let stats = load::cache().stats();
            assert_eq!((stats.hits - before.hits, stats.entries, stats.lone_loads, stats.waits), (1, 0, 0, 0));
        }
    }
    fn broken_refresh<T>(what: &'static str, code: impl FnOnce() -> T) {
        broken(what, code);
    }
}

#[test]
fn a_panic_in_a_drop_does_not_stop_the_sweep() {
    static PANICS: AtomicBool = AtomicBool::new(false);
    #[cache(ttl = "10s")]
    fn load(key: u64) -> Arc<Value> {
        Arc::new(Value::new(key).on_drop(|_| assert!(!PANICS.swap(false, SeqCst), "in drop")))
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for key in 0..10 {
        load(key);
    }
    clock.advance(5 * SECOND);
    load(10);
    PANICS.store(true, SeqCst);
    let swept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| clock.advance(6 * SECOND)));
    drop(swept);
    clock.advance(6 * SECOND);
    assert_eq!(load::cache().len(), 0);
}

#[test]
fn a_cache_is_used_while_its_thread_ends() {
    #[cache]
    fn load(key: u64) -> u64 {
        inner(key) + 1
    }
    #[cache(thread_local)]
    fn inner(key: u64) -> u64 {
        key
    }
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            // A miss, and a hit.
            assert_eq!((load(1), load(1), load(2)), (2, 2, 3));
        }
    }
    thread_local! {
        static LAST: Last = const { Last };
    }
    ends(|| {
        for call_first in [false, true] {
            let ended = thread::spawn(move || {
                if call_first {
                    load(2);
                }
                LAST.with(|_| ());
                load(2);
            });
            assert!(ended.join().is_ok());
        }
    });
}
