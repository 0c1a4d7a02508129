//! How a program tests what it caches: time that stands still until it is told to move, a store that fails as often as
//! it should, the same way each time, and counters to look at afterwards.
//!
//! `cargo run --example testing`

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{
    Outlook,
    backend::bytes::Bytes,
    cache,
    testing::{Chaos, ManualClock, Trouble},
};

/// One operation in three fails, one entry in five is torn.
static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(|| Chaos::new(Bytes::new()).seed(7).errors(0.3).torn(0.2));
static SOURCE_IS_DOWN: AtomicBool = AtomicBool::new(false);

#[cache(backend = ["memory://", STORE.clone()], ttl = "1m", stale_if_error = "1h")]
fn price(id: u64) -> Result<u64, String> {
    if SOURCE_IS_DOWN.load(SeqCst) { Err("the source is down".into()) } else { Ok(id * 100) }
}

fn main() {
    let clock = ManualClock::new();
    // For caches that are first used on this thread.
    let _in_force = clock.enter();

    println!("A store that fails costs loads, and never an error or a wrong value:");
    for id in (0..100).chain(0..100) {
        assert_eq!(price(id), Ok(id * 100));
    }
    let (stats, failed) = (price::cache().stats(), STORE.total(Trouble::Error));
    println!("  {} calls of the store failed, {} were noticed, {} loads", failed, stats.store_errors, stats.loads);
    assert!(failed > 0 && stats.store_errors > 0);

    println!("A minute passes at once, and then the source is down:");
    clock.advance(Duration::from_secs(61));
    SOURCE_IS_DOWN.store(true, SeqCst);
    let explained = price::entry(1).explain();
    println!("  {explained}");
    assert_eq!(explained.outlook, Outlook::Stale);
    assert_eq!(price(1), Ok(100));
    assert_eq!(price::cache().stats().stale_hits, 1);

    println!("After the hour that old values may stand in:");
    clock.advance(Duration::from_secs(3600));
    println!("  {:?}", price(1));
    assert!(price(1).is_err());
}
