//! What holds of functions on Redis, beyond what holds on all servers.

use std::{
    sync::{OnceLock, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use cacher::{Removal, cache};
use cacher_servers::{Redis, Reply, Sentinel};

use super::{bare, within};
use crate::support::runs;

/// A primary, its replica, and a sentinel that watches both.
fn watched() -> Option<(Redis, Redis, Sentinel)> {
    let (primary, replica) = (Redis::private()?, Redis::private()?);
    replica.client().ask(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let sentinel = Sentinel::private(&primary)?;
    within(Duration::from_secs(40), || {
        let Reply::Bytes(info) = sentinel.client().ask(&["INFO", "sentinel"]) else { return false };
        let info = String::from_utf8_lossy(&info);
        info.contains("status=ok,address=") && info.contains("slaves=1")
    });
    Some((primary, replica, sentinel))
}

#[test]
fn functions_follow_a_primary_that_is_replaced() {
    static URL: OnceLock<String> = OnceLock::new();
    runs!(ALONE, TIERS);
    fn url() -> String {
        URL.get().expect("it is set first").clone()
    }
    #[cache(backend = url())]
    fn alone(n: u64) -> u64 {
        ALONE.fetch_add(1, SeqCst);
        n * n
    }
    #[cache(backend = ["memory://", url()])]
    async fn tiers(n: u64) -> u64 {
        TIERS.fetch_add(1, SeqCst);
        n * n
    }
    let Some((primary, replica, sentinel)) = watched() else { return };
    URL.set(sentinel.url() + "?timeout=300ms").unwrap();
    let both = |n: u64| (alone(n), bare().block_on(tiers(n)));
    assert_eq!([both(3), both(3)], [(9, 9); 2]);
    assert_eq!((ALONE.load(SeqCst), TIERS.load(SeqCst)), (1, 1));
    within(Duration::from_secs(20), || replica.client().ask(&["DBSIZE"]) == Reply::Integer(2));
    primary.stop();
    let (mut n, start) = (100, Instant::now());
    within(Duration::from_secs(60), || {
        n += 1;
        let asked = Instant::now();
        assert_eq!(both(n), (n * n, n * n));
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        let before = ALONE.load(SeqCst);
        assert_eq!(alone(n), n * n);
        ALONE.load(SeqCst) == before
    });
    println!("followed within {:?}", start.elapsed());
    let loads = ALONE.load(SeqCst);
    assert_eq!((both(3), ALONE.load(SeqCst)), ((9, 9), loads), "the replica had it");
    within(Duration::from_secs(20), || {
        alone::entry(3).invalidate() == Removal::Removed || alone::entry(3).peek().is_none()
    });
    assert_eq!((alone(3), ALONE.load(SeqCst)), (9, loads + 1));
}

/// What another program changes reaches the memory of a function.
#[test]
fn memory_of_a_function_hears_of_changes_elsewhere() {
    static URL: OnceLock<String> = OnceLock::new();
    fn url() -> String {
        URL.get().expect("it is set first").clone()
    }
    fn elsewhere() -> String {
        url().replace("127.0.0.1", "localhost")
    }
    runs!(HERE, THERE);
    #[cache(backend = ["memory://", url()], name = "shared::redis::heard")]
    fn here(n: u64) -> u64 {
        HERE.fetch_add(1, SeqCst) * 100 + n
    }
    #[cache(backend = ["memory://", elsewhere()], name = "shared::redis::heard")]
    async fn there(n: u64) -> u64 {
        THERE.fetch_add(1, SeqCst) * 1000 + n
    }
    let Some(server) = Redis::private() else { return };
    URL.set(server.url()).unwrap();
    let runtime = bare();
    assert_eq!((here(3), runtime.block_on(there(3))), (3, 3));
    assert_eq!((HERE.load(SeqCst), THERE.load(SeqCst)), (1, 0));
    here::entry(3).invalidate();
    within(Duration::from_secs(20), || runtime.block_on(there::entry(3).peek()).is_none());
    assert_eq!(here::refresh(3), 103);
    within(Duration::from_secs(20), || runtime.block_on(there::entry(3).peek()) == Some(103));
    assert_eq!((runtime.block_on(there(3)), THERE.load(SeqCst)), (103, 0));
}
