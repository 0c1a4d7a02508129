//! A server behind a proxy, the caches in front of it, and what must hold of them whatever fails.

use std::{
    fmt::Debug,
    ops::Deref,
    time::{Duration, Instant},
};

use cacher_core::{core::Removal, direct::Cache};
use cacher_servers::{Proxy, Server};

pub(crate) type Numbers = Cache<u64, u64>;

/// How long a store may take to answer.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(200);

/// More than a call of several operations may take, on a machine that is busy.
const BOUND: Duration = Duration::from_secs(4);

/// What is true soon: a store that failed for a while is left alone for seconds.
#[track_caller]
pub(crate) fn soon(what: impl FnMut() -> bool) {
    soon_enough(Duration::from_secs(20), what);
}

#[track_caller]
pub(crate) fn soon_enough(limit: Duration, mut what: impl FnMut() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < limit, "it did not become true");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a call returns, which may not hang.
#[track_caller]
pub(crate) fn bounded<T: Debug>(call: impl FnOnce() -> T) -> T {
    bounded_by(BOUND, call)
}

#[track_caller]
pub(crate) fn bounded_by<T: Debug>(bound: Duration, call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let returned = call();
    let elapsed = start.elapsed();
    assert!(elapsed < bound, "it took {elapsed:?} to return {returned:?}");
    returned
}

/// A cache on this store alone, or behind memory.
pub(crate) fn cache(name: &str, url: &str, memory: bool) -> Numbers {
    let builder = Cache::builder().name(name);
    let builder = if memory { builder.backend("memory://") } else { builder };
    let url = if url.contains("timeout=") {
        url.to_owned()
    } else {
        format!("{url}{}timeout={}ms", if url.contains('?') { '&' } else { '?' }, TIMEOUT.as_millis())
    };
    builder.backend(url).build().expect("a cache")
}

/// Caches on this store alone, and behind memory.
pub(crate) fn caches(name: &str, url: &str) -> [Numbers; 2] {
    [cache(&format!("{name}alone"), url, false), cache(&format!("{name}tiers"), url, true)]
}

/// What a test of one server uses.
pub(crate) struct Scene<S> {
    pub(crate) server: S,
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "what it is for lasts as long as it does"))]
    pub(crate) proxy: Proxy,
    pub(crate) alone: Numbers,
    pub(crate) tiers: Numbers,
}

impl<S: Deref<Target = Server>> Scene<S> {
    /// A scene of a server at this URL, the caches of which have names that begin like this.
    pub(crate) fn of(server: S, url: &str, name: &str) -> Self {
        let proxy = Proxy::before(server.address());
        let [alone, tiers] = caches(name, &url.replace(&server.address(), &proxy.address()));
        Self { server, proxy, alone, tiers }
    }
}

/// Breaks a store and mends it, under calls of a cache on it.
pub(crate) fn bears(cache: &Numbers, fail: impl FnOnce(), mend: impl FnOnce()) {
    assert_eq!(cache.get_or_load(&1, || 10), 10);
    // The first answer may take longer, on a machine that is busy.
    soon(|| cache.get_or_load(&1, || 10) == 10 && cache.nonblocking_sees(1, 10));
    assert_eq!(cache.get_or_load(&1, || 99), 10, "it was stored");
    let before = cache.stats().store_errors;
    fail();
    calls(cache);
    assert!(cache.stats().store_errors > before, "faults are counted");
    mend();
    recovers(cache);
}

/// Calls of all kinds while the store fails.
fn calls(cache: &Numbers) {
    assert_eq!(bounded(|| cache.entry(&1).invalidate()), Removal::Pending);
    assert_eq!(bounded(|| cache.get_or_load(&1, || 11)), 11, "what was invalidated is not served");
    assert_eq!(bounded(|| cache.get_or_load(&2, || 20)), 20);
    assert_eq!(bounded(|| cache.try_get_or_load(&3, || Err::<u64, _>("no"))), Err("no"));
    bounded(|| cache.set(&4, 40));
    assert!(bounded(|| cache.get(&4)).is_none_or(|value| value == 40));
    bounded(|| cache.delete(&4));
    assert_eq!(bounded(|| cache.get(&4)), None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let nonblocking = cache.nonblocking();
    runtime.block_on(async {
        for key in 5..15 {
            let start = Instant::now();
            assert_eq!(nonblocking.get_or_load(&key, async { key * 10 }).await, key * 10);
            assert!(start.elapsed() < BOUND, "key {key}");
        }
    });
    assert_eq!(bounded(|| cache.get_many(&[1, 4])).len(), 2);
    bounded(|| cache.clear());
    assert_eq!(bounded(|| cache.get_or_load(&2, || 21)), 21, "what was cleared is not served");
}

/// The store is used again, and has nothing that was removed meanwhile.
fn recovers(cache: &Numbers) {
    soon(|| cache.stats().pending_removals == 0);
    let mut round = 100;
    soon(|| {
        round += 1;
        let before = cache.stats().store_errors;
        assert_eq!(bounded(|| cache.get_or_load(&round, || round)), round);
        cache.stats().store_errors == before && cache.nonblocking_sees(round, round)
    });
    assert_eq!(cache.get(&4), None);
    assert!(cache.get(&1).is_none_or(|value| value == 11), "what was invalidated is gone");
}

trait Seen {
    fn nonblocking_sees(&self, key: u64, value: u64) -> bool;
}

impl Seen for Numbers {
    fn nonblocking_sees(&self, key: u64, value: u64) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(self.nonblocking().get(&key)) == Some(value)
    }
}
