//! Each operation of a store with each kind of trouble, now and then, often and always.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use cacher::testing::{Chaos, Operation, Trouble};

use crate::{
    scene::{self, Scene},
    walk::Walk,
};

/// The operations that calls make.
const OPERATIONS: [&[Operation]; 6] = [
    &[Operation::Get],
    &[Operation::Put],
    &[Operation::Remove],
    &[Operation::Clear],
    &[Operation::Sweep],
    &Operation::ALL,
];
const TROUBLES: [Trouble; 3] = [Trouble::Error, Trouble::Delay, Trouble::Torn];
const PROBABILITIES: [f64; 3] = [0.1, 0.5, 1.0];

/// Of each cell.
const SEEDS: u64 = 2;
const STEPS: u64 = 200;

fn seeds() -> std::ops::Range<u64> {
    let one = std::env::var("CACHER_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    one.map_or(0..SEEDS, |seed| seed..seed + 1)
}

/// Tries all cells, 108 walks of 200 steps, and says how old the oldest value was that was served.
fn walk_all(scene: &Scene, heals: bool) -> u64 {
    let _in_force = scene.clock.enter();
    let mut oldest = 0;
    for operations in OPERATIONS {
        for trouble in TROUBLES {
            for probability in PROBABILITIES {
                for seed in seeds() {
                    let walked = catch_unwind(AssertUnwindSafe(|| {
                        for (store, number) in scene.stores.iter().zip(0..) {
                            let store = store.clone().seed(seed + number * 1000);
                            let chance =
                                |store: Chaos<_>, operation: &_| store.chance(*operation, trouble, probability);
                            drop(operations.iter().fold(store, chance));
                        }
                        let mut walk = Walk::new(scene, seed);
                        (0..STEPS).for_each(|_| walk.step());
                        walk.heal();
                        assert!(walk.hits() || !heals, "what was stored is not there");
                        walk.oldest
                    }));
                    match walked {
                        Ok(age) => oldest = oldest.max(age),
                        Err(panic) => {
                            eprintln!("CACHER_TEST_SEED={seed}: {trouble:?} of {operations:?}, {probability}");
                            resume_unwind(panic);
                        }
                    }
                }
            }
        }
    }
    for operation in [Operation::Get, Operation::Put, Operation::Remove, Operation::Clear] {
        for trouble in [Trouble::Error, Trouble::Delay] {
            let made = scene.stores.iter().map(|store| store.count(operation, trouble)).sum::<u64>();
            assert!(made > 10, "{made} times {trouble:?} of {operation:?}");
        }
    }
    oldest
}

/// Walks, and comes as near to the bound as the clock is moved.
fn walks(scene: &Scene) {
    let oldest = walk_all(scene, true);
    assert!(oldest * 100 >= scene.oldest * 90, "nothing was older than {oldest} ms");
}

#[test]
fn a_store_alone() {
    walks(&scene::alone());
}

#[test]
fn a_store_behind_memory() {
    walks(&scene::tiers());
}

#[test]
fn old_values_of_a_store() {
    walks(&scene::stale());
}

#[test]
fn old_values_of_memory_and_two_stores() {
    walks(&scene::renewed());
}

#[test]
fn tags_in_two_stores() {
    walks(&scene::tagged());
}

#[test]
fn a_format_that_fails_as_well() {
    walk_all(&scene::formatted(), false);
}
