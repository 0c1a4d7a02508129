//! Rates of bodies that are counted among processes: functions of this one by two ways, and one of another process.

use std::{
    env,
    process::{self, Command},
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::SystemTime,
};

use cacher::{Error, Kind, cache};

use crate::support::runs;

const URL: &str = "CACHER_TEST_SHARED_RATES";
const RUN: &str = "CACHER_TEST_RUN";

/// An argument that no other run has: rates outlive the caches.
fn run() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    (seconds << 32) + (u64::from(process::id()) << 8) + COUNT.fetch_add(1, SeqCst)
}

/// What the other process does.
#[test]
#[ignore = "a part of other tests"]
fn child_calls_twice() {
    fn url() -> String {
        env::var(URL).unwrap()
    }
    #[cache(backend = url(), ttl = "1m", rate_limit = "2/1h", burst = 2, shared_rate, per = host, on_limit = error, name = "shared-rates")]
    fn fetch(host: &str, page: u64) -> Result<u64, Error> {
        Ok(page + host.len() as u64)
    }
    if env::var_os(URL).is_none() {
        return;
    }
    let host = env::var(RUN).unwrap();
    assert_eq!((fetch(&host, 1).unwrap(), fetch(&host, 2).unwrap()), (1 + host.len() as u64, 2 + host.len() as u64));
}

macro_rules! on_servers {
    ($($feature:literal: $server:ident;)*) => {$(
        #[cfg(feature = $feature)]
        mod $server {
            use super::*;

            fn url() -> String {
                cacher_servers::$server().unwrap_or_default()
            }

            /// The same server, as another process would know it.
            fn elsewhere() -> String {
                url().replace("127.0.0.1", "localhost")
            }

            #[test]
            fn functions_by_two_ways_have_a_rate_in_common() {
                let Some(_) = cacher_servers::$server() else { return };
                runs!(RUNS);
                #[cache(backend = ["memory://", url()], rate_limit = "1/1h", shared_rate, per = run, on_limit = error, ttl = "1m", name = "shared-rates-two")]
                fn here(run: u64, n: u64) -> Result<u64, Error> {
                    RUNS.fetch_add(1, SeqCst);
                    Ok(run + n)
                }
                #[cache(backend = ["memory://", elsewhere()], rate_limit = "1/1h", shared_rate, per = run, on_limit = error, ttl = "1m", name = "shared-rates-two")]
                async fn there(run: u64, n: u64) -> Result<u64, Error> {
                    RUNS.fetch_add(1, SeqCst);
                    Ok(run + n)
                }
                let (one, other) = (run(), run());
                assert_eq!(here(one, 1).unwrap(), one + 1);
                let refused = futures::executor::block_on(there(one, 2)).unwrap_err();
                assert_eq!((refused.kind(), RUNS.load(SeqCst)), (Kind::Limited, 1), "{refused}");
                assert_eq!(futures::executor::block_on(there(one, 1)).unwrap(), one + 1, "a hit");
                assert_eq!(futures::executor::block_on(there(other, 1)).unwrap(), other + 1);
                assert_eq!(here(other, 2).unwrap_err().kind(), Kind::Limited);
                assert_eq!(here(other, 1).unwrap(), other + 1, "a hit");
                let stats = [here::cache().stats(), there::cache().stats()];
                assert_eq!(stats.map(|stats| (stats.limited, stats.store_errors)), [(1, 0), (1, 0)]);
            }

            #[test]
            fn another_process_takes_from_the_same_rate() {
                let Some(url) = cacher_servers::$server() else { return };
                #[cache(backend = super::$server::url(), ttl = "1m", rate_limit = "2/1h", burst = 2, shared_rate, per = host, on_limit = error, name = "shared-rates")]
                fn fetch(host: &str, page: u64) -> Result<u64, Error> {
                    Ok(page + host.len() as u64)
                }
                let host = format!("{}.example", run());
                let mut child = Command::new(env::current_exe().unwrap());
                child.args(["--ignored", "--exact", "shared_rates::child_calls_twice", "--quiet"]);
                assert!(child.env(URL, url).env(RUN, &host).status().unwrap().success());
                assert_eq!(fetch(&host, 3).unwrap_err().kind(), Kind::Limited);
                assert!(fetch(&format!("{}.example", run()), 1).is_ok(), "another host has its own");
                assert_eq!(fetch(&host, 2).unwrap(), 2 + host.len() as u64, "what it loaded is there");
            }
        }
    )*};
}

on_servers! {
    "redis": redis;
    "postgres": postgres;
    "mysql": mariadb;
}
