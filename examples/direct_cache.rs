//! A cache without a function: values that are set, read and changed by hand.
//!
//! `cargo run --example direct_cache`

use std::time::Duration;

use cacher::{Cache, Error, Removal};

const HOUR: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Error> {
    println!("In memory, nothing is asked of values but `Clone`:");
    let sessions: Cache<String, u64> = Cache::builder().name("sessions").capacity(1000).ttl(HOUR).build()?;
    assert!(sessions.set("a1b2", 7));
    assert_eq!((sessions.get("a1b2"), sessions.get("c3d4")), (Some(7), None));
    println!("  {}", sessions.entry("a1b2").explain());

    println!("A value may have a life of its own:");
    let brief = sessions.with_ttl(Duration::from_secs(60));
    assert!(brief.set_if_absent("c3d4", 8) && !brief.set_if_absent("c3d4", 9));
    assert!(sessions.expire_in("c3d4", 2 * HOUR));

    println!("What is not there can be loaded, by one caller at a time:");
    assert_eq!(sessions.get_or_load("e5f6", || 10), 10);
    assert_eq!(sessions.try_get_or_load("g7h8", || "eleven".parse()).ok(), None);
    assert!(!sessions.contains("g7h8"), "errors are not kept");

    println!("A change that depends on the value loses none:");
    let visits: Cache<String, u64> = Cache::builder().build()?;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    visits.update("home", |old| Some(old.unwrap_or(0) + 1));
                }
            });
        }
    });
    assert_eq!(visits.get("home"), Some(400));

    println!("The same over stores, the fastest first:");
    let prices = Cache::builder().name("prices").backend("memory://?capacity=100").backend("memory://?format=json");
    let prices: Cache<String, u32> = prices.build()?;
    assert_eq!(prices.set_many([("tea", 3), ("coffee", 4)]), 2);
    assert_eq!(prices.get_many(["tea", "cocoa", "coffee"]), [Some(3), None, Some(4)]);
    assert!(prices.delete("tea") && !prices.delete("tea"));
    assert_eq!(prices.clear(), Removal::Removed);

    println!("{:?}", sessions.stats());
    Ok(())
}
