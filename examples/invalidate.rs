//! Entries that are looked at, changed and removed, and calls in scopes that treat the cache another way.
//!
//! `cargo run --example invalidate`

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use cacher::{Removal, cache};

static PRICE: AtomicU32 = AtomicU32::new(10);

#[cache(ttl = "1h")]
fn price(article: &str) -> Result<u32, cacher::Error> {
    println!("  looking up the price of {article}");
    Ok(PRICE.load(Relaxed))
}

/// The write that makes the entry untrue removes it.
fn set_price(article: &str, price: u32) -> Removal {
    PRICE.store(price, Relaxed);
    price::entry(article).invalidate()
}

fn main() -> Result<(), cacher::Error> {
    println!("An entry goes with the write that makes it untrue:");
    assert_eq!((price("tea")?, price("tea")?), (10, 10));
    assert_eq!(set_price("tea", 12), Removal::Removed);
    assert_eq!(set_price("coffee", 12), Removal::Absent);
    assert_eq!(price("tea")?, 12);

    println!("An entry can be looked at and set without a call:");
    let tea = price::entry("tea");
    println!("  {}", tea.explain());
    assert_eq!(tea.peek(), Some(12));
    tea.insert(13);
    assert_eq!(price("tea")?, 13);
    tea.expire_in(Duration::from_secs(60));
    assert!(tea.info().is_some_and(|info| info.fresh_for <= Some(Duration::from_secs(60))));

    println!("Scopes hold for all calls inside:");
    assert_eq!(cacher::bypass(|| price("tea"))?, 12);
    assert_eq!(tea.peek(), Some(13), "a bypass leaves the cache alone");
    assert_eq!(cacher::refresh(|| price("tea"))?, 12);
    assert_eq!(tea.peek(), Some(12), "a refresh stores");
    cacher::read_only(|| price("coffee"))?;
    assert!(!price::entry("coffee").contains());
    match cacher::only_if_cached(|| price("coffee")) {
        Ok(price) => unreachable!("nothing is cached, but the price is {price}"),
        Err(error) => println!("  {error}"),
    }

    println!("All of it can be removed:");
    assert_eq!(price::cache().clear(), Removal::Removed);
    assert_eq!(price::cache().len(), 0);
    Ok(())
}
