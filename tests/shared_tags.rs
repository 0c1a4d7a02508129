//! Tags that one process invalidates, and what becomes of the entries that another one has.
#![cfg(any(feature = "redis", feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]
#![allow(clippy::unwrap_used, reason = "tests read better so")]

use std::{
    env, process,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cacher::{Removal, cache, invalidate_tag};

/// Where the process that is started finds the store, and which run this is.
const URL: &str = "CACHER_TEST_TAGS_URL";
const RUN: &str = "CACHER_TEST_TAGS_RUN";

static LOADS: AtomicU64 = AtomicU64::new(0);
static PLACE: OnceLock<String> = OnceLock::new();

fn place() -> String {
    PLACE.get_or_init(|| env::var(URL).unwrap()).clone()
}

/// Another in each run, so that none finds what an earlier one left.
fn run() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    u64::try_from(millis).unwrap() * 1000 + u64::from(process::id() % 10) * 100 + NUMBER.fetch_add(1, SeqCst)
}

/// A process that invalidates a tag there.
fn other_process(url: &str, run: u64) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "invalidates", "--nocapture", "--quiet"]);
    let output = command.env(URL, url).env(RUN, run.to_string()).output().unwrap();
    let (told, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}{complaint}");
}

#[test]
#[ignore = "a part of other tests"]
fn invalidates() {
    #[cache(backend = place(), name = "shared_tags::store", tags = ["shared:{run}:{id}"])]
    fn stored(run: u64, id: u64) -> u64 {
        run + id
    }
    let run = env::var(RUN).unwrap().parse().unwrap();
    // What is used in this process is known to it.
    stored(run, 9);
    assert_eq!(invalidate_tag(&format!("shared:{run}:1")), Removal::Removed);
}

macro_rules! on_servers {
    ($($feature:literal: $server:ident$(($more:literal))?;)*) => {$(
        #[cfg(feature = $feature)]
        #[test]
        fn $server() {
            static URL: OnceLock<String> = OnceLock::new();
            static LOADS: AtomicU64 = AtomicU64::new(0);
            #[cache(backend = URL.get().cloned().unwrap(), name = "shared_tags::store", tags = ["shared:{run}:{id}"])]
            fn stored(run: u64, id: u64) -> u64 {
                run + id + LOADS.fetch_add(1, SeqCst)
            }
            let Some(url) = cacher_servers::$server() else { return };
            let url = format!("{url}{}", concat!("", $($more)?));
            URL.set(url.clone()).unwrap();
            let run = run();
            let first = [1, 2].map(|id| stored(run, id));
            assert_eq!([1, 2].map(|id| stored(run, id)), first);
            other_process(&url, run);
            assert_ne!(stored(run, 1), first[0], "its tag is of another value now");
            assert_eq!(stored(run, 2), first[1]);
            assert_eq!((LOADS.load(SeqCst), stored::cache().stats().store_errors), (3, 0));
        }
    )*};
}

on_servers! {
    "redis": redis;
    "redis": redis_cluster;
    "memcached": memcached;
    "postgres": postgres("?table=tags");
    "mysql": mariadb("?table=tags");
    "mongodb": mongodb("&collection=tags");
}

/// Where the store tells of changes, memory hears of them.
macro_rules! in_front {
    ($($feature:literal: $server:ident as $name:ident$(($more:literal))?;)*) => {$(
        #[cfg(feature = $feature)]
        #[test]
        fn $name() {
            static URL: OnceLock<String> = OnceLock::new();
            #[cache(
                backend = ["memory://", URL.get().cloned().unwrap()],
                name = "shared_tags::tiers",
                tags = ["shared:{run}:{id}"]
            )]
            fn tiers(run: u64, id: u64) -> u64 {
                run + id + LOADS.fetch_add(1, SeqCst)
            }
            let Some(url) = cacher_servers::$server() else { return };
            let url = format!("{url}{}", concat!("", $($more)?));
            URL.set(url.clone()).unwrap();
            let run = run();
            let first = [1, 2].map(|id| tiers(run, id));
            other_process(&url, run);
            let start = Instant::now();
            while tiers::entry(run, 1).contains() {
                assert!(start.elapsed() < Duration::from_secs(20), "never heard of");
                thread::sleep(Duration::from_millis(1));
            }
            assert_ne!(tiers(run, 1), first[0]);
            assert_eq!(tiers(run, 2), first[1]);
        }
    )*};
}

in_front! {
    "redis": redis as memory_before_redis;
    "postgres": postgres as memory_before_postgres("?table=tags_before");
}
