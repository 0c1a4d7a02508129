//! What a review found, and how it was mended.

use cacher::{
    Error, Kind,
    backend::{Backend, Key, file::Files},
    cache,
    testing::{ManualClock, TempDir},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Condvar, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, SystemTime},
};

const S: Duration = Duration::from_secs(1);
fn ends<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    let (s, r) = mpsc::channel();
    thread::spawn(move || {
        let o = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
        let _ = s.send(o);
    });
    match r.recv_timeout(Duration::from_secs(12)) {
        Ok(Ok(o)) => o,
        Ok(Err(p)) => std::panic::resume_unwind(p),
        Err(timeout) => panic!("hangs: {timeout}"),
    }
}

/// A map with switches.
#[derive(Clone, Default)]
struct Map(Arc<Inner>);
#[derive(Default)]
struct Inner {
    m: Mutex<HashMap<Key, Vec<u8>>>,
    dead: AtomicBool,
    noput: AtomicBool,
    noremove: AtomicBool,
    name: &'static str,
    slow: Mutex<u8>,
    cv: Condvar,
    clears: AtomicU64,
    can_clear: bool,
}
impl Map {
    fn new(name: &'static str, can_clear: bool) -> Self {
        Self(Arc::new(Inner { name, can_clear, ..Inner::default() }))
    }
    fn check(&self) -> Result<(), Error> {
        if self.0.dead.load(SeqCst) { Err(Error::new(Kind::Unavailable, "dead")) } else { Ok(()) }
    }
    fn stage(&self, n: u8) {
        *self.0.slow.lock().unwrap() = n;
        self.0.cv.notify_all();
    }
    fn await_stage(&self, n: u8) {
        let g = self.0.slow.lock().unwrap();
        let _ = self.0.cv.wait_timeout_while(g, Duration::from_secs(10), |s| *s != n).unwrap();
    }
}
impl Backend for Map {
    fn describe(&self) -> String {
        format!("map {} {:p}", self.0.name, Arc::as_ptr(&self.0))
    }
    fn get(&self, k: &Key) -> Result<Option<Vec<u8>>, Error> {
        self.check()?;
        Ok(self.0.m.lock().unwrap().get(k).cloned())
    }
    fn put(&self, k: &Key, e: &[u8], _x: Option<SystemTime>) -> Result<(), Error> {
        self.check()?;
        if self.0.noput.load(SeqCst) {
            return Err(Error::new(Kind::Unavailable, "full"));
        }
        // stage 1: slow; tells by 2; visible at 3, then 4; goes on at 5.
        let staged = *self.0.slow.lock().unwrap() == 1;
        if staged {
            self.stage(2);
            self.await_stage(3);
        }
        self.0.m.lock().unwrap().insert(k.clone(), e.to_vec());
        if staged {
            self.stage(4);
            self.await_stage(5);
        }
        Ok(())
    }
    fn remove(&self, k: &Key) -> Result<bool, Error> {
        self.check()?;
        if self.0.noremove.load(SeqCst) {
            return Err(Error::new(Kind::Unavailable, "no remove"));
        }
        Ok(self.0.m.lock().unwrap().remove(k).is_some())
    }
    fn clear(&self, ns: &str) -> Result<u64, Error> {
        self.check()?;
        self.0.clears.fetch_add(1, SeqCst);
        if !self.0.can_clear {
            return Err(self.unsupported("clear"));
        }
        let mut m = self.0.m.lock().unwrap();
        let n = m.len();
        m.retain(|k, _| &*k.namespace != ns);
        Ok((n - m.len()) as u64)
    }
}

#[test]
fn refresh_whose_key_is_invalidated_meanwhile() {
    #[cache(ignore = [body])]
    fn f(k: u64, body: impl FnOnce() -> u64) -> u64 {
        body()
    }
    f(1, || 1);
    assert_eq!(
        f::refresh(1, || {
            f::entry(1).invalidate();
            2
        }),
        2
    );
    assert_eq!(f::entry(1).peek(), None);
}

static T2A: LazyLock<Map> = LazyLock::new(|| Map::new("inner", true));
static T2B: LazyLock<Map> = LazyLock::new(|| Map::new("outer dead", true));
#[test]
fn a_dead_outer_tier_leaves_the_inner_one_alone() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = [T2A.clone(), T2B.clone()])]
    fn f(k: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        k
    }
    f(1);
    assert_eq!(T2A.0.m.lock().unwrap().len(), 1);
    T2B.0.dead.store(true, SeqCst);
    f(2);
    f(2);
    f(2);
    assert_eq!(RUNS.load(SeqCst), 2);
}
#[test]
fn an_outage_of_the_outer_tier_does_not_clear_the_inner_one() {
    static A: LazyLock<Map> = LazyLock::new(|| Map::new("inner", true));
    static B: LazyLock<Map> = LazyLock::new(|| Map::new("outer dead", true));
    let clock = ManualClock::new();
    let _c = clock.enter();
    #[cache(backend = [A.clone(), B.clone()])]
    fn f(k: u64) -> u64 {
        k
    }
    f(9999);
    assert_eq!(A.0.m.lock().unwrap().len(), 1);
    B.0.dead.store(true, SeqCst);
    for k in 0..1100 {
        f(k);
    }
    clock.advance(S);
    clock.advance(S);
    assert_eq!(A.0.clears.load(SeqCst), 0);
}

#[test]
fn a_store_without_clear() {
    static A: LazyLock<Map> = LazyLock::new(|| Map::new("noclear", false));
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let clock = ManualClock::new();
    let _c = clock.enter();
    #[cache(backend = A.clone())]
    fn f(k: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        k
    }
    f(1);
    assert_eq!(f::cache().clear(), cacher::Removal::Pending);
    clock.advance(S);
    clock.advance(S * 5);
    let before = RUNS.load(SeqCst);
    for _ in 0..10 {
        clock.advance(S);
        f(1);
        f(1);
    }
    assert_eq!(RUNS.load(SeqCst) - before, 1);
}

#[test]
fn an_overtaken_write_is_not_served() {
    static A: LazyLock<Map> = LazyLock::new(|| Map::new("slow", true));
    static VALUE: AtomicU64 = AtomicU64::new(1);
    ends(|| {
        let clock = ManualClock::new();
        let _c = clock.enter();
        #[cache(backend = ["memory://", A.clone()])]
        fn f(k: u64) -> u64 {
            VALUE.load(SeqCst)
        }
        f(0);
        A.stage(1);
        let loading = thread::spawn(|| f(1));
        A.await_stage(2);
        VALUE.store(2, SeqCst);
        let invalidating = thread::spawn(|| f::entry(1).invalidate());
        loop {
            thread::yield_now();
            clock.advance(S);
            if invalidating.is_finished() {
                break;
            }
        }
        clock.advance(S);
        clock.advance(S); // the retry succeeds: there is nothing yet
        A.stage(3);
        A.await_stage(4); // it stands in the store; put has not returned
        let seen = thread::spawn(|| f(1)); // a call that starts after the invalidation
        while f::cache().stats().loads < 3 && !seen.is_finished() {
            thread::yield_now();
        }
        A.stage(5);
        let seen = seen.join().unwrap();
        loading.join().unwrap();
        assert_eq!(seen, 2);
    });
}

#[test]
fn none_ttl_with_tti_in_a_store() {
    static D: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let clock = ManualClock::new();
    let _c = clock.enter();
    #[cache(backend = Files::new(D.path()), tti = "10m", none_ttl = "1m")]
    fn f(k: u64) -> Option<u64> {
        RUNS.fetch_add(1, SeqCst);
        None
    }
    f(1);
    clock.advance(S * 30);
    f(1);
    clock.advance(S * 60 * 5);
    f(1);
    assert_eq!(RUNS.load(SeqCst), 2);
}

#[test]
fn entries_of_ended_threads_are_not_counted() {
    #[cache(thread_local)]
    fn f(k: u64) -> u64 {
        k
    }
    thread::spawn(|| {
        f(1);
        f(2);
    })
    .join()
    .unwrap();
    assert_eq!(f::cache().len(), 0);
}
#[test]
fn clearing_frees_what_a_thread_keeps() {
    static LIVE: AtomicU64 = AtomicU64::new(0);
    struct V;
    impl Clone for V {
        fn clone(&self) -> V {
            LIVE.fetch_add(1, SeqCst);
            V
        }
    }
    impl Drop for V {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, SeqCst);
        }
    }
    #[cache(thread_local)]
    fn f(k: u64) -> V {
        LIVE.fetch_add(1, SeqCst);
        V
    }
    for round in 0..5 {
        for k in 0..100 {
            f(round * 100 + k);
        }
        f::cache().clear();
    }
    f(100_000);
    assert!(LIVE.load(SeqCst) <= 1);
}

trait Db {
    type Error;
    fn get(&self) -> Result<u64, Self::Error>;
}
struct A9;
struct B9;
static GO9: AtomicBool = AtomicBool::new(false);
static IN9: AtomicBool = AtomicBool::new(false);
impl Db for A9 {
    type Error = String;
    fn get(&self) -> Result<u64, String> {
        IN9.store(true, SeqCst);
        while !GO9.load(SeqCst) {
            thread::yield_now();
        }
        Err("a".into())
    }
}
impl Db for B9 {
    type Error = u32;
    fn get(&self) -> Result<u64, u32> {
        Ok(7)
    }
}
#[test]
fn an_error_of_another_type() {
    #[cache(ignore = [db, D], companions = false)]
    fn f<D: Db>(k: u64, db: &D) -> Result<u64, D::Error>
    where
        D::Error: Clone + Send + Sync + 'static,
    {
        db.get()
    }
    ends(|| {
        let t = thread::spawn(|| f(1, &A9));
        while !IN9.load(SeqCst) {
            thread::yield_now();
        }
        let b = thread::spawn(|| f(1, &B9));
        let mine = |cache: &cacher::Handle| cache.name().contains("an_error_of_another_type");
        while cacher::caches().iter().find(|cache| mine(cache)).is_none_or(|cache| cache.stats().waits == 0) {
            thread::yield_now();
        }
        GO9.store(true, SeqCst);
        let _ = t.join().unwrap();
        assert_eq!(b.join().expect("panicked"), Ok(7));
    });
}

static M13: LazyLock<Map> = LazyLock::new(|| Map::new("m13", true));
static OPEN13: AtomicBool = AtomicBool::new(false);
fn open13() -> Result<Map, String> {
    if OPEN13.load(SeqCst) { Ok(M13.clone()) } else { Err("down".into()) }
}
#[test]
fn names_where_the_store_opens_late() {
    let clock = ManualClock::new();
    let _c = clock.enter();
    #[cache(backend = open13(), name = "thing")]
    fn f(k: u64) -> u64 {
        1
    }
    #[cache(backend = open13(), name = "thing")]
    fn g(k: u64) -> u64 {
        2
    }
    f(1);
    g(1);
    OPEN13.store(true, SeqCst);
    clock.advance(S * 120);
    f(5);
    assert_eq!(g(5), 2);
}
#[test]
fn names_in_one_directory_spelt_twice() {
    static D: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    #[cache(backend = Files::new(D.path()), name = "thing14")]
    fn f(k: u64) -> u64 {
        1
    }
    #[cache(backend = Files::new(D.path().join(".")), name = "thing14")]
    fn g(k: u64) -> u64 {
        2
    }
    f(5);
    assert_eq!(g(5), 2);
}
#[derive(Debug, PartialEq)]
struct C15(u64);
static HOT15: AtomicBool = AtomicBool::new(false);
#[expect(clippy::expl_impl_clone_on_copy, clippy::non_canonical_clone_impl, reason = "that is the test")]
impl Clone for C15 {
    fn clone(&self) -> Self {
        if HOT15.swap(false, SeqCst) {
            let _ = f15::cache().stats();
            f15::entry(1).insert(C15(9));
        }
        C15(self.0)
    }
}
impl Copy for C15 {}
#[cache]
fn f15(k: u64) -> C15 {
    C15(k)
}
#[test]
fn clone_of_a_copy_type() {
    ends(|| {
        f15(1);
        HOT15.store(true, SeqCst);
        f15(1);
    });
}

#[test]
fn a_dropped_clear() {
    static A: LazyLock<Map> = LazyLock::new(|| Map::new("m21", true));
    #[cache(backend = ["memory://", A.clone()])]
    async fn f(k: u64) -> u64 {
        k
    }
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        for k in 0..10 {
            f(k).await;
        }
    });
    {
        let h = f::cache();
        let mut c = Box::pin(h.clear());
        let _ = c.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    }
    while f::cache().stats().entries > 0 {
        thread::yield_now();
    }
    assert_eq!(f::cache().stats().entries, 0);
}
