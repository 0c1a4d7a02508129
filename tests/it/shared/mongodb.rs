//! Functions whose values are in MongoDB, called from wherever functions are called.

use std::{process, sync::atomic::Ordering::SeqCst, thread};

use cacher::cache;

use crate::{
    common::faults,
    support::{ends, runs},
};

/// A collection of the shared server, if there is one.
fn server() -> Option<String> {
    cacher_servers::mongodb().map(|url| format!("{url}&collection=it&timeout=10s"))
}

fn url() -> String {
    server().unwrap_or_default()
}

/// The same server, as another process would know it.
fn elsewhere() -> String {
    url().replace("127.0.0.1", "localhost")
}

/// What other runs of this test do not have.
fn run() -> u32 {
    process::id()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_sync_function_works_on_any_thread() {
    if server().is_none() {
        return;
    }
    runs!(RUNS);
    #[cache(backend = url(), ttl = "1m")]
    fn square(#[allow(unused)] run: u32, n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    assert_eq!((square(run(), 3), square(run(), 3), RUNS.load(SeqCst)), (9, 9, 1));
    assert_eq!(thread::spawn(|| square(run(), 3)).join().unwrap(), 9);
    let inside = || {
        let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        workers.block_on(async { tokio::spawn(async { (square(run(), 3), square(run(), 4)) }).await.unwrap() })
    };
    assert_eq!(ends(inside), (9, 16));
    assert_eq!(ends(|| runtime().block_on(async { square(run(), 4) })), 16);
    assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (2, 0));
    square::entry(run(), 3).invalidate();
    assert_eq!((square(run(), 3), RUNS.load(SeqCst)), (9, 3));
}

#[test]
fn an_async_function_outlives_the_runtimes_of_its_callers() {
    if server().is_none() {
        return;
    }
    runs!(RUNS);
    #[cache(backend = url(), ttl = "1m")]
    async fn square(#[allow(unused)] run: u32, n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
        n * n
    }
    for _ in 0..3 {
        let calls = || runtime().block_on(async { (square(run(), 3).await, square(run(), 4).await) });
        assert_eq!(ends(calls), (9, 16));
    }
    assert_eq!(futures::executor::block_on(square(run(), 3)), 9);
    assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (2, 0));
}

#[test]
fn memory_in_front_is_filled_and_emptied() {
    if server().is_none() {
        return;
    }
    runs!(HERE, THERE);
    #[cache(backend = ["memory://", url()], ttl = "1m", name = "shared_mongodb::tiers")]
    fn here(run: u32, n: u64) -> u64 {
        HERE.fetch_add(1, SeqCst);
        u64::from(run) * n
    }
    #[cache(backend = ["memory://", elsewhere()], ttl = "1m", name = "shared_mongodb::tiers")]
    fn there(run: u32, n: u64) -> u64 {
        THERE.fetch_add(1, SeqCst);
        u64::from(run) * n
    }
    let value = u64::from(run()) * 3;
    assert_eq!((here(run(), 3), there(run(), 3), there(run(), 3)), (value, value, value));
    assert_eq!((HERE.load(SeqCst), THERE.load(SeqCst)), (1, 0), "one loads, the other finds");
    let explained = there::entry(run(), 3).explain().to_string();
    assert!(explained.contains("a hit from memory"), "{explained}");
    there::entry(run(), 3).invalidate();
    assert_eq!(there::entry(run(), 3).peek(), None, "it is in neither tier");
    assert_eq!((there(run(), 3), THERE.load(SeqCst)), (value, 1));
    assert_eq!(here::cache().stats().store_errors + there::cache().stats().store_errors, 0);
}

#[test]
fn a_store_that_is_not_there_costs_no_call_its_value() {
    runs!(RUNS);
    #[cache(
        backend = "mongodb://user:hunter2@127.0.0.1:1/app?collection=it&timeout=100ms",
        name = "shared_mongodb::absent"
    )]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let reported = faults("shared_mongodb::absent");
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 2));
    let texts: Vec<_> = reported().iter().map(|fault| fault.error.to_string()).collect();
    assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains("hunter2")), "{texts:?}");
}
