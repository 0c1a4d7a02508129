//! Functions whose values are on servers, called from wherever functions are called.

#[cfg(feature = "memcached")]
mod memcached;
#[cfg(feature = "mongodb")]
mod mongodb;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod sql;

use std::{
    process,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
    time::{Duration, Instant, SystemTime},
};

use cacher::cache;
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
};

use crate::{
    places::placed,
    support::{ends, runs},
};

/// An argument that no other run has: all share the place.
fn run() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    (seconds << 32) + (u64::from(process::id()) << 8) + COUNT.fetch_add(1, SeqCst)
}

/// A runtime of its own, which drives no connections.
fn bare() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Waits for what a server does in its own time.
#[track_caller]
fn soon(what: impl FnMut() -> bool) {
    within(Duration::from_secs(20), what);
}

#[track_caller]
fn within(limit: Duration, mut what: impl FnMut() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < limit, "it did not become true");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The same servers, as another process would know them.
fn known_otherwise(url: &str) -> String {
    if let Some((servers, rest)) = url.split_once('?')
        && let Some((scheme, servers)) = servers.split_once("://")
        && let Some((first, others)) = servers.split_once(',')
    {
        // Their names say which has which key.
        return format!("{scheme}://{others},{first}?{rest}");
    }
    match url.split_once("localhost") {
        Some((before, after)) => format!("{before}127.0.0.1{after}"),
        None => url.replace("127.0.0.1", "localhost").replace("/socket", "/./socket"),
    }
}

macro_rules! on_servers {
    ($($feature:literal $server:ident($tiers:literal): $url:literal;)*) => {$(
        #[cfg(feature = $feature)]
        mod $server {
            use super::*;

            fn url() -> String {
                placed($url).unwrap_or_default()
            }

            fn elsewhere() -> String {
                known_otherwise(&url())
            }

            #[test]
            fn a_function_is_called_on_any_thread() {
                let Some(_) = placed($url) else { return };
                runs!(RUNS);
                #[cache(backend = url(), ttl = "1m")]
                fn square(run: u64, n: u64) -> u64 {
                    RUNS.fetch_add(1, SeqCst);
                    n * n + run % 2
                }
                let (run, expected) = (run(), |run: u64| 9 + run % 2);
                let calls = move || (square(run, 3), square(run, 3), square::entry(run, 3).peek());
                let same = (expected(run), expected(run), Some(expected(run)));
                assert_eq!(ends(calls), same);
                assert_eq!(ends(move || bare().block_on(async move { calls() })), same);
                assert_eq!(ends(move || LocalSet::new().block_on(&bare(), async move { calls() })), same);
                let workers = Builder::new_multi_thread().worker_threads(2).build().unwrap();
                let spawned = move || workers.block_on(async move { tokio::spawn(async move { calls() }).await.unwrap() });
                assert_eq!(ends(spawned), same);
                assert_eq!(RUNS.load(SeqCst), 1);
                square::entry(run, 3).invalidate();
                assert_eq!((ends(calls), RUNS.load(SeqCst)), (same, 2));
            }

            #[test]
            fn runtimes_come_and_go() {
                let Some(_) = placed($url) else { return };
                runs!(RUNS);
                #[cache(backend = url(), ttl = "1m")]
                async fn words(run: u64, text: &str) -> Result<Vec<String>, ()> {
                    RUNS.fetch_add(1, SeqCst);
                    tokio::task::yield_now().await;
                    Ok(text.split(' ').map(|word| format!("{word}{run}")).collect())
                }
                let run = run();
                for _ in 0..3 {
                    let found = ends(move || bare().block_on(async move { words(run, "a b").await }));
                    assert_eq!(found, Ok(vec![format!("a{run}"), format!("b{run}")]));
                }
                let found = futures::executor::block_on(words::entry(run, "a b").peek());
                assert_eq!((found.map(|found| found.len()), RUNS.load(SeqCst)), (Some(2), 1));
                assert_eq!(words::cache().stats().store_errors, 0);
            }

            #[test]
            fn memory_in_front_is_filled_and_emptied() {
                let Some(_) = placed($url) else { return };
                runs!(HERE, THERE);
                // Two processes, one of which finds what the other loaded.
                #[cache(backend = ["memory://", url()], ttl = "1m", name = $tiers)]
                fn here(run: u64, n: u64) -> u64 {
                    HERE.fetch_add(1, SeqCst);
                    run + n
                }
                #[cache(backend = ["memory://", elsewhere()], ttl = "1m", name = $tiers)]
                fn there(run: u64, n: u64) -> u64 {
                    THERE.fetch_add(1, SeqCst);
                    run + n
                }
                let run = run();
                let value = run + 3;
                assert_eq!((here(run, 3), there(run, 3), there(run, 3)), (value, value, value));
                assert_eq!((HERE.load(SeqCst), THERE.load(SeqCst)), (1, 0), "one loads, the other finds");
                let explained = there::entry(run, 3).explain().to_string();
                assert!(explained.contains("a hit from memory"), "{explained}");
                there::entry(run, 3).invalidate();
                assert_eq!(there::entry(run, 3).peek(), None, "it is in neither tier");
                assert_eq!((there(run, 3), THERE.load(SeqCst)), (value, 1));
                assert_eq!(here::cache().stats().store_errors + there::cache().stats().store_errors, 0);
            }

            #[test]
            fn many_threads_and_tasks_call_at_once() {
                let Some(_) = placed($url) else { return };
                runs!(RUNS, TASKS);
                #[cache(backend = ["memory://", url()], ttl = "1m")]
                fn square(run: u64, n: u64) -> u64 {
                    RUNS.fetch_add(1, SeqCst);
                    n * n + run % 2
                }
                #[cache(backend = url(), ttl = "1m")]
                async fn cube(run: u64, n: u64) -> u64 {
                    TASKS.fetch_add(1, SeqCst);
                    n * n * n + run % 2
                }
                let run = run();
                thread::scope(|scope| {
                    for _ in 0..30 {
                        scope.spawn(move || (0..20).for_each(|n| assert_eq!(square(run, n), n * n + run % 2)));
                    }
                });
                assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (20, 0));
                let workers = Builder::new_multi_thread().worker_threads(2).build().unwrap();
                workers.block_on(async {
                    let tasks: Vec<_> = (0..300).map(|n| (n, tokio::spawn(cube(run, n % 20)))).collect();
                    for (n, task) in tasks {
                        assert_eq!(task.await.unwrap(), (n % 20).pow(3) + run % 2);
                    }
                });
                assert_eq!((TASKS.load(SeqCst), cube::cache().stats().store_errors), (20, 0));
            }

            #[test]
            fn ctu_26_functions_on_one_server_call_each_other() {
                let Some(_) = placed($url) else { return };
                #[cache(backend = url(), ttl = "1m")]
                fn repeat(run: u64, text: &str, n: usize) -> String {
                    let _ = run;
                    text.repeat(n)
                }
                #[cache(backend = url(), ttl = "1m")]
                fn banged(run: u64, text: &str, n: usize) -> String {
                    repeat(run, text, n) + "!"
                }
                let run = run();
                let on_a_thread = |call: fn(u64) -> String| thread::spawn(move || call(run)).join().unwrap();
                assert_eq!(on_a_thread(|run| banged(run, "a", 3)), "aaa!");
                assert_eq!(on_a_thread(|run| repeat(run, "a", 3)), "aaa");
                assert_eq!(on_a_thread(|run| banged(run, "a", 3)), "aaa!");
                let (repeat, banged) = (repeat::cache().stats(), banged::cache().stats());
                assert_eq!((repeat.hits + banged.hits, repeat.misses + banged.misses), (2, 2));
                assert_eq!(repeat.store_errors + banged.store_errors, 0);
            }
        }
    )*};
}

on_servers! {
    "redis" on_redis("shared::on_redis"): "{redis}/8?timeout=10s";
    "redis_tls" on_redis_by_tls("shared::on_redis_by_tls"): "{redis_tls}&timeout=10s";
    "redis" on_a_redis_cluster("shared::on_a_redis_cluster"): "{redis_cluster}?timeout=10s";
    "redis" on_redis_by_sentinel("shared::on_redis_by_sentinel"): "{redis_sentinel}?timeout=10s";
    "memcached" on_memcached("shared::on_memcached"): "{memcached}?timeout=10s";
    "memcached" on_two_memcacheds("shared::on_two_memcacheds"): "{memcached_two}?timeout=10s";
    "postgres" on_postgres("shared::on_postgres"): "{postgres}?table=it&timeout=10s";
    "mysql" on_mariadb("shared::on_mariadb"): "{mariadb}?table=it&timeout=10s";
    "mongodb" on_mongodb("shared::on_mongodb"): "{mongodb}&collection=it&timeout=10s";
}
