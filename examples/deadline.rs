//! A source that hangs: how long its callers wait, what they get then, and when the next one may try.
//!
//! `cargo run --example deadline`

use std::{
    future::pending,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    thread,
    time::Duration,
};

use cacher::cache;

/// The source: each answer is another number, and while it hangs there is none.
static ANSWER: AtomicU64 = AtomicU64::new(1);
static HANGS: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Debug, PartialEq)]
enum Problem {
    Late,
    Other(String),
}

/// How the cache says that the body takes too long.
impl From<cacher::Error> for Problem {
    fn from(error: cacher::Error) -> Self {
        if error.kind() == cacher::Kind::TimedOut { Self::Late } else { Self::Other(error.to_string()) }
    }
}

/// Blocks its thread while the source hangs, as a client without a timeout of its own does.
fn ask() -> u64 {
    while HANGS.load(SeqCst) {
        thread::sleep(Duration::from_millis(1));
    }
    ANSWER.fetch_add(1, SeqCst)
}

/// After 20 ms an old value is better than none. The load goes on with a worker, which owns all it uses.
#[cache(ttl = "50ms", stale_if_error = "1h", soft_timeout = "20ms", refresh = background)]
fn soft(key: u64) -> Result<u64, Problem> {
    Ok(ask())
}

/// After 20 ms callers get an error. The body of an async function is dropped then.
#[cache(hard_timeout = "20ms")]
async fn hard(key: u64) -> Result<u64, Problem> {
    if HANGS.load(SeqCst) {
        pending::<()>().await;
    }
    Ok(ask())
}

/// The same for a sync function, whose body can't be dropped: a worker goes on with it, and its callers do not wait.
#[cache(hard_timeout = "20ms", refresh = background)]
fn hard_sync(key: u64) -> Result<u64, Problem> {
    Ok(ask())
}

/// After 20 ms another call may load the key.
#[cache(abandon_after = "20ms")]
fn abandoned(key: u64) -> u64 {
    ask()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Problem> {
    soft_timeout()?;
    hard_timeout().await?;
    hard_timeout_of_a_sync_function()?;
    abandon_after();
    Ok(())
}

fn soft_timeout() -> Result<(), Problem> {
    println!("A soft timeout:");
    let first = soft(1)?;
    println!("  from the source: {first}");
    thread::sleep(Duration::from_millis(60));
    HANGS.store(true, SeqCst);
    println!("  past its time, while the source hangs: {}", soft(1)?);
    HANGS.store(false, SeqCst);
    while soft::entry(1).peek().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    println!("  the load has ended after all, and its value is there: {}", first + 1);
    let stats = soft::cache().stats();
    assert_eq!((stats.loads, stats.stale_hits), (2, 1));
    Ok(())
}

async fn hard_timeout() -> Result<(), Problem> {
    println!("A hard timeout:");
    HANGS.store(true, SeqCst);
    let (leads, follows) = futures::join!(hard(1), hard(1));
    println!("  the one who loads: {leads:?}, the one who waits for it: {follows:?}");
    assert_eq!((leads, follows), (Err(Problem::Late), Err(Problem::Late)));
    HANGS.store(false, SeqCst);
    println!("  the key is free: {}", hard(1).await?);
    let stats = hard::cache().stats();
    assert_eq!((stats.loads, stats.load_failures), (2, 1));
    Ok(())
}

fn hard_timeout_of_a_sync_function() -> Result<(), Problem> {
    println!("A hard timeout of a sync function:");
    HANGS.store(true, SeqCst);
    println!("  while the source hangs: {:?}", hard_sync(1));
    HANGS.store(false, SeqCst);
    while hard_sync::entry(1).peek().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    println!("  its body has ended, and its value is as good as any: {}", hard_sync(1)?);
    assert_eq!(hard_sync::cache().stats().loads, 1);
    Ok(())
}

fn abandon_after() {
    println!("A load is abandoned:");
    HANGS.store(true, SeqCst);
    let hangs = thread::spawn(|| abandoned(1));
    while abandoned::cache().stats().loads == 0 {
        thread::yield_now();
    }
    thread::scope(|scope| {
        // Waits 20 ms for the first load, and then loads for itself.
        let next = scope.spawn(|| abandoned(1));
        while abandoned::cache().stats().loads == 1 {
            thread::sleep(Duration::from_millis(1));
        }
        println!("  another call has begun a load: {}", !next.is_finished());
        HANGS.store(false, SeqCst);
    });
    let _ = hangs.join();
    println!("  two loads of one key: {}", abandoned::cache().stats().loads);
    assert_eq!(abandoned(1), abandoned(1));
}
