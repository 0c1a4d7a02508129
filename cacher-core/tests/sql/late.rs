//! Statements that arrive late.

use std::{
    thread,
    time::{Duration, Instant},
};

use cacher_core::{core::Removal, direct::Cache};
use cacher_servers::Proxy;

use crate::support::{Scratch, shared};

/// What is true soon: a store that failed for a while is left alone for seconds.
#[track_caller]
fn soon(mut what: impl FnMut() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not become true");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A write that was given up stays undone, even if the network brings it at last.
#[test]
fn a_write_that_was_given_up_does_not_come_after_all() {
    for database in shared() {
        for memory in [false, true] {
            let scratch = Scratch::of(&database);
            let address = database.split(['@', '/']).nth(3).expect("an address");
            let proxy = Proxy::before(address);
            let url = format!("{}&timeout=300ms", scratch.url().replace(address, &proxy.address()));
            let builder = Cache::<u64, u64>::builder().name("late");
            let builder = if memory { builder.backend("memory://") } else { builder };
            let cache = builder.backend(url).build().expect("a cache");
            assert!(cache.set(&1, 1));
            proxy.strand();
            cache.set(&1, 2);
            let mut value = 2;
            soon(|| {
                value += 1;
                let before = cache.stats().store_errors;
                cache.set(&1, value) && cache.stats().store_errors == before
            });
            soon(|| cache.stats().pending_removals == 0);
            assert!(cache.set(&1, 1000));
            proxy.pass();
            thread::sleep(Duration::from_millis(300));
            assert_eq!(cache.get(&1), Some(1000), "{database}, memory {memory}");
            assert_eq!(cache.entry(&1).invalidate(), Removal::Removed);
            assert_eq!(cache.get(&1), None);
        }
    }
}
