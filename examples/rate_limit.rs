//! A client that keeps to the rates that hosts allow: calls of the body wait, hits do not.
//!
//! `cargo run --example rate_limit`

use std::time::{Duration, Instant};

use cacher::{Error, Kind, cache};

/// Each host is asked ten times a second, after two at once.
#[cache(rate_limit = "10/s", burst = 2, per = host)]
fn fetch(host: &str, page: u32) -> String {
    format!("page {page} of {host}")
}

/// For those who would rather be told than wait.
#[cache(rate_limit = "1/m", on_limit = error)]
fn report(day: u32) -> Result<String, Error> {
    Ok(format!("the report of day {day}"))
}

/// For those who would rather have something old. A value is kept for that as long again as it is fresh.
#[cache(rate_limit = "1/m", on_limit = stale, ttl = "50ms")]
fn price(article: &str) -> Result<Instant, Error> {
    Ok(Instant::now())
}

fn main() -> Result<(), Error> {
    println!("Each host has its own rate, and hits have none:");
    let start = Instant::now();
    for (host, page) in [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 1), ("a", 1), ("a", 4)] {
        let before = fetch::cache().stats().hits;
        let text = fetch(host, page);
        let how = if fetch::cache().stats().hits > before { "hit" } else { "fetched" };
        println!("  {:4} ms  {how:8} {text}", start.elapsed().as_millis());
    }
    let stats = fetch::cache().stats();
    assert_eq!((stats.loads, stats.hits, stats.limited), (5, 2, 2));
    assert!(start.elapsed() >= Duration::from_millis(200));

    println!("A call that may not wait gets an error, and what is cached is still there:");
    println!("  {}", report(1)?);
    match report(2) {
        Err(error) if error.kind() == Kind::Limited => println!("  {error}"),
        other => unreachable!("the limit is reached, but there is {other:?}"),
    }
    println!("  {}", report(1)?);

    println!("Or it gets the old value, where there is one:");
    let first = price("tea")?;
    std::thread::sleep(Duration::from_millis(70));
    assert_eq!(price("tea")?, first);
    println!("  a price that is {} ms old", first.elapsed().as_millis());
    assert_eq!(price::cache().stats().stale_hits, 1);
    Ok(())
}
