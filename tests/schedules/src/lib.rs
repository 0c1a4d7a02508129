//! Schedules: a few threads do a few things at one key, in orders that `shuttle` chooses, thousands of them.
//!
//! In each of them no value whose load began before an invalidation is served to a call that begins after it, nor after
//! the cache is opened anew on the same stores; there is one load at a time, but for those that something has overtaken;
//! and nobody waits for ever. What is left out on purpose (`planted`) is found.
//!
//! Run by `RUSTFLAGS="--cfg cacher_shuttle" cargo test --release --target-dir target/schedules -p cacher-schedules`; empty
//! otherwise. `CACHER_TEST_SCHEDULES` is how many schedules of each scene, `SHUTTLE_RANDOM_SEED`
//! chooses others. A failure prints its schedule, which `shuttle::replay` takes.
#![cfg(all(test, cacher_shuttle))]

mod ground;
mod ledger;
mod planted;
mod scene;
mod scenes;
mod shelf;
mod step;
mod updates;

use std::env;

use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
};

/// How many scheduling points with a change of priorities it takes to find a bug, at most.
const DEPTH: usize = 3;

/// Of the order, unless `SHUTTLE_RANDOM_SEED` says another.
const SEED: u64 = 7;

/// How many schedules are walked through.
fn schedules() -> usize {
    env::var("CACHER_TEST_SCHEDULES").map_or(10_000, |text| text.parse().expect("a number"))
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.silence_warnings = true;
    config
}

/// Plays in as many orders as are asked for: half of them by chance, half with few changes of priorities.
fn explore(play: impl Fn() + Send + Sync + Copy + 'static) {
    let by_chance = schedules() / 2;
    let by_priority = schedules() - by_chance;
    let walked = Runner::new(RandomScheduler::new_from_seed(SEED, by_chance), config()).run(play)
        + Runner::new(PctScheduler::new_from_seed(SEED, DEPTH, by_priority), config()).run(play);
    assert_eq!(walked, schedules(), "not all schedules were walked through");
}
