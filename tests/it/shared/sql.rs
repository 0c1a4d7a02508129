//! Functions whose values are on SQL servers, called from wherever functions are called.

use std::{
    process,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
    time::{Duration, SystemTime},
};

use cacher::{Cache, Kind, cache};
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
};

use crate::{
    common::faults,
    support::{ends, runs},
};

/// An argument that no other run has: all share the table.
fn run() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    (seconds << 32) + (u64::from(process::id()) << 8) + COUNT.fetch_add(1, SeqCst)
}

/// A runtime of its own, which drives no connections.
fn bare() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

macro_rules! on_servers {
    ($($feature:literal: $server:ident;)*) => {$(
        #[cfg(feature = $feature)]
        mod $server {
            use super::*;

            fn url() -> String {
                cacher_servers::$server().unwrap_or_default()
            }

            #[test]
            fn a_function_is_called_on_any_thread() {
                let Some(_) = cacher_servers::$server() else { return };
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
                assert_eq!(ends(move || workers.block_on(async move { tokio::spawn(async move { calls() }).await.unwrap() })), same);
                assert_eq!(RUNS.load(SeqCst), 1);
                square::entry(run, 3).invalidate();
                assert_eq!((ends(calls), RUNS.load(SeqCst)), (same, 2));
            }

            #[test]
            fn runtimes_come_and_go() {
                let Some(_) = cacher_servers::$server() else { return };
                runs!(RUNS);
                #[cache(backend = url(), ttl = "1m")]
                async fn words(run: u64, text: &str) -> Result<Vec<String>, ()> {
                    RUNS.fetch_add(1, SeqCst);
                    Ok(text.split(' ').map(|word| format!("{word}{run}")).collect())
                }
                let run = run();
                for _ in 0..3 {
                    let found = ends(move || bare().block_on(async move { words(run, "a b").await }));
                    assert_eq!(found, Ok(vec![format!("a{run}"), format!("b{run}")]));
                }
                assert_eq!(futures::executor::block_on(words::entry(run, "a b").peek()).map(|found| found.len()), Some(2));
                assert_eq!(RUNS.load(SeqCst), 1);
            }

            #[test]
            fn memory_in_front_is_filled_and_emptied() {
                let Some(url) = cacher_servers::$server() else { return };
                let name = format!("tiers_{}_{}", stringify!($server), run());
                // Two processes, which call the server differently.
                let node = |url: String| -> Cache<u64, String> {
                    let stores = Cache::builder().name(&*name).ttl(Duration::from_secs(60)).backend("memory://").backend(url);
                    stores.build().unwrap()
                };
                let nodes = [url.clone(), url.replace("127.0.0.1", "localhost")].map(node);
                assert!(nodes[0].set(&1, "one".to_owned()));
                assert_eq!(nodes[1].get(&1).as_deref(), Some("one"), "of the server");
                assert!(nodes[0].delete(&1));
                assert_eq!(nodes[1].get(&1).as_deref(), Some("one"), "of its memory");
                nodes[1].delete(&1);
                assert_eq!((nodes[0].get(&1), nodes[1].get(&1)), (None, None));
            }

            #[test]
            fn many_threads_call_at_once() {
                let Some(_) = cacher_servers::$server() else { return };
                runs!(RUNS);
                #[cache(backend = ["memory://", url()], ttl = "1m")]
                fn square(run: u64, n: u64) -> u64 {
                    RUNS.fetch_add(1, SeqCst);
                    n * n + run % 2
                }
                let run = run();
                thread::scope(|scope| {
                    for _ in 0..30 {
                        scope.spawn(move || (0..20).for_each(|n| assert_eq!(square(run, n), n * n + run % 2)));
                    }
                });
                assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (20, 0));
            }
        }
    )*};
}

on_servers! {
    "postgres": postgres;
    "mysql": mariadb;
}

#[test]
fn without_its_server_a_function_runs_and_no_password_is_told() {
    runs!(RUNS);
    fn url() -> &'static str {
        if cfg!(feature = "postgres") {
            "postgres://u:hunter2@127.0.0.1:1/db"
        } else {
            "mysql://u:hunter2@127.0.0.1:1/db"
        }
    }
    #[cache(backend = url(), name = "without-sql-server")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let faults = faults("without-sql-server");
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 2));
    let told = faults();
    assert!(!told.is_empty() && told.iter().all(|fault| fault.error.kind() == Kind::Unavailable), "{told:?}");
    assert!(!format!("{told:?}").contains("hunter2") && told[0].error.to_string().contains("u:***@"), "{told:?}");
}
