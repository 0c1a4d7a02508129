//! Updates at the same time: none is lost.

use cacher_core::testkit::ManualClock;
use shuttle::thread;

use crate::{
    explore,
    ground::{Ground, Land, Life},
};

const KEY: u8 = 1;

fn none_is_lost(ground: Ground) {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let cache = Land::new(ground, Life::Ever).open();
    let threads = (0..3).map(|_| {
        let cache = cache.clone();
        thread::spawn(move || cache.update(&KEY, |old| Some(old.unwrap_or_default() + 1)))
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("it has ended");
    }
    assert_eq!(cache.get(&KEY), Some(3), "an update was lost");
}

#[test]
fn in_memory() {
    explore(|| none_is_lost(Ground::Memory));
}

#[test]
fn in_a_store() {
    explore(|| none_is_lost(Ground::Store));
}

#[test]
fn in_memory_and_a_store() {
    explore(|| none_is_lost(Ground::MemoryAndStore));
}

#[test]
fn in_two_stores() {
    explore(|| none_is_lost(Ground::TwoStores));
}
