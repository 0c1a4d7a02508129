//! A source that is slow, and at times down. Values past their time are useful while they are loaded anew, and while
//! they can't be.
//!
//! `cargo run --example stale`
//!
//! Time is moved by hand here, so nobody has to wait.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    thread,
    time::Duration,
};

use cacher::{cache, testing::ManualClock};

const SECOND: Duration = Duration::from_secs(1);

/// The exchange: each answer is another price, and while it is down there is none.
static PRICE: AtomicU32 = AtomicU32::new(100);
static IS_DOWN: AtomicBool = AtomicBool::new(false);

fn ask(share: u32) -> Result<u32, String> {
    if IS_DOWN.load(SeqCst) {
        println!("    the exchange does not answer");
        return Err("no answer".to_owned());
    }
    let price = PRICE.fetch_add(1, SeqCst);
    println!("    the exchange says: share {share} is at {price}");
    Ok(price)
}

/// A price that is older than ten seconds answers for thirty more, while a worker asks for another.
#[cache(ttl = "10s", stale_while_revalidate = "30s", refresh = background)]
fn price(share: u32) -> Result<u32, String> {
    ask(share)
}

/// After eight of its ten seconds whoever asks loads the next value, and others get the one that is still fresh.
#[cache(ttl = "10s", refresh_at = 0.8)]
fn price_ahead(share: u32) -> Result<u32, String> {
    ask(share)
}

/// What is known answers for an hour in place of an error.
#[cache(ttl = "10s", stale_if_error = "1h")]
fn price_or_old(share: u32) -> Result<u32, String> {
    ask(share)
}

fn main() -> Result<(), String> {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    stale_while_revalidate(&clock)?;
    refresh_ahead(&clock)?;
    stale_if_error(&clock)
}

fn stale_while_revalidate(clock: &ManualClock) -> Result<(), String> {
    println!("Stale while revalidate:");
    println!("  at 0 s: {}", price(1)?);
    clock.advance(11 * SECOND);
    println!("  at 11 s, without a wait: {}", price(1)?);
    while price::entry(1).peek() != Some(101) {
        thread::sleep(Duration::from_millis(1));
    }
    println!("  when the worker is done: {}", price(1)?);
    clock.advance(100 * SECOND);
    println!("  at 111 s, too old for anybody, so the caller waits: {}", price(1)?);
    let stats = price::cache().stats();
    assert_eq!((stats.loads, stats.stale_hits, stats.misses), (3, 1, 2));
    Ok(())
}

fn refresh_ahead(clock: &ManualClock) -> Result<(), String> {
    println!("Refresh ahead:");
    println!("  at 0 s: {}", price_ahead(2)?);
    clock.advance(7 * SECOND);
    println!("  at 7 s: {}", price_ahead(2)?);
    clock.advance(SECOND);
    println!("  at 8 s, by who asks: {}", price_ahead(2)?);
    clock.advance(7 * SECOND);
    println!("  at 15 s: {}", price_ahead(2)?);
    assert_eq!(price_ahead::cache().stats().loads, 2);
    Ok(())
}

fn stale_if_error(clock: &ManualClock) -> Result<(), String> {
    println!("Stale if error:");
    println!("  at 0 s: {}", price_or_old(3)?);
    IS_DOWN.store(true, SeqCst);
    clock.advance(60 * SECOND);
    println!("  at 60 s the exchange is down: {}", price_or_old(3)?);
    println!("  at once again, and nobody asks: {}", price_or_old(3)?);
    println!("  of a share that is not known: {:?}", price_or_old(4));
    clock.advance(SECOND);
    println!("  a second later it is tried again: {}", price_or_old(3)?);
    IS_DOWN.store(false, SeqCst);
    clock.advance(2 * SECOND);
    println!("  two seconds later it is back: {}", price_or_old(3)?);
    let stats = price_or_old::cache().stats();
    assert_eq!((stats.loads, stats.load_failures, stats.stale_hits), (5, 3, 3));
    Ok(())
}
