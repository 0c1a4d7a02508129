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

use std::{env, time::Duration};

use shuttle::{
    Config, Runner,
    rand::Rng,
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

/// Lets others go on, as often as the schedule says, but no more than `most` times.
fn dawdle(most: usize) {
    for _ in 0..shuttle::rand::thread_rng().gen_range(0..=most) {
        // A scheduling point, and no more.
        shuttle::thread::sleep(Duration::ZERO);
    }
}

/// Plays in as many orders as are asked for, and says in how many it did: half of them by chance, half with few changes
/// of priorities.
fn play_with(config: &Config, play: impl Fn() + Send + Sync + Clone + 'static) -> usize {
    let by_chance = schedules() / 2;
    let by_priority = schedules() - by_chance;
    Runner::new(PctScheduler::new_from_seed(SEED, DEPTH, by_priority), config.clone()).run(play.clone())
        + Runner::new(RandomScheduler::new_from_seed(SEED, by_chance), config.clone()).run(play)
}

fn explore(play: impl Fn() + Send + Sync + Copy + 'static) {
    assert_eq!(play_with(&config(), play), schedules(), "not all schedules were walked through");
}
