//! What functions over many items return where their values are on a server.

use std::{
    collections::HashMap,
    process,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use cacher::{Removal, cache, testing::ManualClock};

/// An argument that no other run has: all share the server.
fn run() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    (seconds << 32) + (u64::from(process::id()) << 8) + COUNT.fetch_add(1, SeqCst)
}

/// What bodies were asked for.
#[derive(Default)]
struct Calls(Mutex<Vec<Vec<u64>>>);

impl Calls {
    fn note(&self, ids: &[u64]) {
        self.0.lock().unwrap().push(ids.to_vec());
    }
    fn take(&self) -> Vec<Vec<u64>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

macro_rules! on_servers {
    ($($feature:literal: $server:ident($more:literal);)*) => {$(
        #[cfg(feature = $feature)]
        mod $server {
            use super::*;

            fn url() -> String {
                cacher_servers::$server().map(|url| format!("{url}{}", $more)).unwrap_or_default()
            }

            #[test]
            fn what_is_there_is_not_loaded() {
                let Some(_) = cacher_servers::$server() else { return };
                #[cache(batch = ids, backend = url(), ttl = "1m", ignore = [calls])]
                fn values(run: u64, ids: &[u64], calls: &Calls) -> HashMap<u64, String> {
                    calls.note(ids);
                    ids.iter().filter(|id| **id != 3).map(|id| (*id, format!("{run} {id}"))).collect()
                }
                let (run, calls) = (run(), Calls::default());
                assert_eq!(values(run, &[1, 2], &calls).len(), 2);
                assert_eq!(values(run, &[2, 3, 1, 4], &calls).len(), 3);
                assert_eq!(values::one(run, 4, &calls), Some(format!("{run} 4")));
                assert_eq!(calls.take(), [[1, 2], [3, 4]]);
                let entries = || values::entries(run, &[4, 3, 1]);
                assert_eq!(entries().peek(), [Some(format!("{run} 4")), None, Some(format!("{run} 1"))]);
                assert_eq!(entries().insert(["a", "b", "c"].map(str::to_owned)), 3);
                assert_eq!(entries().peek(), ["a", "b", "c"].map(|text| Some(text.to_owned())));
                assert_eq!(entries().invalidate(), Removal::Removed);
                assert_eq!(entries().contains(), [false; 3]);
                assert_eq!(values(run, &[1, 2], &calls)[&1], format!("{run} 1"));
                assert_eq!(calls.take(), [[1]]);
                assert_eq!(values::cache().stats().store_errors, 0);
            }

            #[tokio::test]
            async fn async_batches_fill_the_memory_in_front() {
                let Some(_) = cacher_servers::$server() else { return };
                #[cache(
                    batch = ids, backend = ["memory://", url()], ttl = "1m", ignore = [calls], max_batch = 40, parallel = 3
                )]
                async fn values(run: u64, ids: &[u64], calls: &Calls) -> Result<Vec<u64>, String> {
                    calls.note(ids);
                    tokio::task::yield_now().await;
                    Ok(ids.iter().map(|id| id + run % 2).collect())
                }
                let (run, calls, ids) = (run(), Calls::default(), (0..200).collect::<Vec<_>>());
                let expected: Vec<_> = ids.iter().map(|id| id + run % 2).collect();
                assert_eq!(values(run, &ids, &calls).await.as_ref(), Ok(&expected));
                assert_eq!(calls.take().len(), 5);
                let entries = values::cache().stats().entries;
                assert_eq!(entries, 200, "in memory");
                // Only memory forgets them.
                assert_eq!(cacher::read_only(values(run, &ids, &calls)).await.as_ref(), Ok(&expected));
                let stats = values::cache().stats();
                assert_eq!((stats.loads, stats.items, stats.store_errors), (5, 200, 0));
            }
        }
    )*};
}

#[cfg(feature = "redis")]
#[test]
fn cty_26_of_nothing_there_is_nothing() {
    let Some(url) = cacher_servers::redis() else { return };
    let cache = cacher::Cache::<String, u64>::from_url(&url).unwrap();
    let none: [&str; 0] = [];
    assert_eq!((cache.get_many(none), cache.set_many(std::iter::empty::<(&str, u64)>())), (vec![], 0));
    assert_eq!((cache.delete_many(none), cache.stats().store_errors), (0, 0));
}

on_servers! {
    "redis": redis("");
    "redis": redis_cluster("");
    "memcached": memcached("");
    "memcached": memcached_two("");
    "postgres": postgres("?table=batches");
    "mysql": mariadb("?table=batches");
    "mongodb": mongodb("&collection=batches");
}

#[cfg(feature = "memcached")]
#[test]
fn a_server_that_is_away_costs_nobody_a_value() {
    use std::sync::OnceLock;
    static PLACE: OnceLock<String> = OnceLock::new();
    fn place() -> String {
        PLACE.get().cloned().unwrap_or_default()
    }
    let Some(server) = cacher_servers::Memcached::private() else { return };
    PLACE.set(format!("{}?timeout=500ms", server.url())).unwrap();
    #[cache(batch = ids, backend = ["memory://?format=json", place()], ttl = "1h", ignore = [calls])]
    fn values(ids: &[u64], calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.to_vec()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let calls = Calls::default();
    assert_eq!(values(&[1, 2], &calls), [1, 2]);
    server.stop();
    assert_eq!(values(&[1, 2, 3, 4], &calls), [1, 2, 3, 4]);
    assert_eq!(calls.take(), [[1, 2], [3, 4]]);
    assert_eq!(values(&[4, 1, 3, 2], &calls), [4, 1, 3, 2], "the first tier has them");
    assert_eq!(values::entries(&[1, 3]).invalidate(), Removal::Pending);
    assert_eq!(values(&[1, 2, 3], &calls), [1, 2, 3]);
    assert_eq!(calls.take(), [[1, 3]]);
    assert!(values::cache().stats().store_errors > 0);
    server.start();
    // It is left alone for a while, and then told what it missed.
    for _ in 0..100 {
        clock.advance(Duration::from_secs(5));
        if values::cache().stats().pending_removals == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(values::cache().stats().pending_removals, 0);
    assert_eq!(values(&[1, 2, 3, 4, 5], &calls), [1, 2, 3, 4, 5]);
    assert_eq!(calls.take(), [[5]]);
}
