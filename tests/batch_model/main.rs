//! Random schedules of overlapping batches, single calls, invalidations, insertions, failures, panics, absences and
//! cancellations against a plain model, by tasks and by threads.
//!
//! `CACHER_TEST_SCHEDULES=1000000` tries more of them, `CACHER_TEST_SEED=17` that one alone.
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod random;
mod store;
mod tasks;
mod threads;
mod world;

use std::{env, sync::Arc};

use cacher::{cache, testing::ManualClock};

use random::schedules;
use store::Slow;
use tasks::pause;
use world::{Fault, Rules, Value, World};

/// What is tried, by its seeds.
fn seeds(share: f64) -> std::ops::Range<u64> {
    match env::var("CACHER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..schedules(share),
    }
}

const RULES: Rules = Rules { remembers: false, nested: false, slow_stores: false, partial: false, windows: false };
const WINDOWS: Rules = Rules { windows: true, ..RULES };

/// A test of an async function with these arguments, whose schedules are this share of all.
macro_rules! tasks {
    ($name:ident, $share:literal, $rules:expr, [$($arguments:tt)*]) => {
        #[test]
        fn $name() {
            #[cache(batch = ids, ignore = [world], patience = "1h", $($arguments)*)]
            async fn subject(ids: &[u64], run: u64, world: &Arc<World>) -> Result<Vec<Option<Value>>, Fault> {
                let (running, plan) = world.body(run, ids);
                for _ in 0..plan.pauses {
                    pause().await;
                }
                if let Some(other) = plan.nested {
                    // An error of the other is nothing to this one.
                    drop((SUBJECT.one)(other, Arc::clone(world)).await);
                }
                plan.end(running)
            }
            static SUBJECT: tasks::Subject = tasks::Subject {
                rules: $rules,
                call: |ids, world| Box::pin(async move { subject(&ids, world.run, &world).await }),
                one: |id, world| Box::pin(async move {
                    subject::one(id, world.run, &world).await.map(|value| vec![value])
                }),
                refresh: |ids, world| Box::pin(async move { subject::refresh(&ids, world.run, &world).await }),
                invalidate: |ids, run| Box::pin(async move { _ = subject::entries(&ids, run).invalidate().await }),
                insert: |ids, run, values| Box::pin(async move {
                    _ = subject::entries(&ids, run).insert(values.into_iter().map(Into::into)).await;
                }),
                clear: || Box::pin(async { _ = subject::cache().clear().await }),
            };
            let clock = ManualClock::new();
            let _in_force = clock.enter();
            let mut counts = (0, 0);
            for seed in seeds($share) {
                let (world, wrong) = tasks::try_one(&SUBJECT, seed, &clock);
                assert!(wrong.is_empty(), "CACHER_TEST_SEED={seed}: {wrong:#?}");
                counts = (counts.0 + world.counts().0, counts.1 + world.counts().1);
            }
            let stats = subject::cache().stats();
            assert_eq!((stats.loads, stats.items), counts);
            assert!($rules.nested || stats.lone_loads == 0, "{stats:?}");
        }
    };
}

/// The same of a sync function.
macro_rules! threads {
    ($name:ident, $share:literal, $rules:expr, [$($arguments:tt)*]) => {
        #[test]
        fn $name() {
            #[cache(batch = ids, ignore = [world], patience = "1h", $($arguments)*)]
            fn subject(ids: &[u64], run: u64, world: &World) -> Result<Vec<Option<Value>>, Fault> {
                let (running, plan) = world.body(run, ids);
                for _ in 0..plan.pauses {
                    std::thread::yield_now();
                }
                plan.end(running)
            }
            static SUBJECT: threads::Subject = threads::Subject {
                rules: $rules,
                call: |ids, world| subject(ids, world.run, world),
                one: |id, world| subject::one(id, world.run, world).map(|value| vec![value]),
                refresh: |ids, world| subject::refresh(ids, world.run, world),
                invalidate: |ids, run| _ = subject::entries(ids, run).invalidate(),
                insert: |ids, run, values| _ = subject::entries(ids, run).insert(values.into_iter().map(Into::into)),
                clear: || _ = subject::cache().clear(),
            };
            let (threads, mut counts) = (threads::Threads::new(), (0, 0));
            for seed in seeds($share) {
                let (world, wrong) = threads.try_one(&SUBJECT, seed);
                assert!(wrong.is_empty(), "CACHER_TEST_SEED={seed}: {wrong:#?}");
                counts = (counts.0 + world.counts().0, counts.1 + world.counts().1);
            }
            let stats = subject::cache().stats();
            assert_eq!((stats.loads, stats.items, stats.lone_loads), (counts.0, counts.1, 0));
        }
    };
}

tasks!(tasks_in_memory, 0.15, RULES, []);
tasks!(tasks_with_parts_of_batches, 0.1, RULES, [max_batch = 2]);
tasks!(tasks_with_parts_at_the_same_time, 0.1, RULES, [max_batch = 2, parallel = 2]);
tasks!(tasks_with_windows, 0.1, WINDOWS, [batch_window = "2ms", max_batch = 4]);
tasks!(tasks_with_windows_of_any_size, 0.05, WINDOWS, [batch_window = "2ms"]);
tasks!(tasks_with_partial_answers, 0.05, Rules { partial: true, ..RULES }, [on_error = partial, max_batch = 2]);
tasks!(tasks_with_absences_remembered, 0.05, Rules { remembers: true, ..RULES }, [none_ttl = "1000h"]);
tasks!(tasks_whose_bodies_call_the_function, 0.1, Rules { nested: true, ..RULES }, []);
tasks!(tasks_with_memory_and_a_store, 0.05, RULES, [backend = ["memory://", "memory://?format=json"]]);
tasks!(tasks_with_a_store_alone, 0.05, RULES, [backend = "memory://?format=msgpack", max_batch = 3]);
tasks!(
    tasks_with_windows_before_a_store,
    0.05,
    WINDOWS,
    [backend = "memory://?format=msgpack", batch_window = "2ms", max_batch = 4, parallel = 2]
);
tasks!(tasks_with_a_slow_store, 0.02, Rules { slow_stores: true, ..RULES }, [backend = Slow::default()]);
tasks!(
    tasks_with_memory_and_a_slow_store,
    0.02,
    Rules { slow_stores: true, ..RULES },
    [backend = ["memory://", Slow::default()], max_batch = 2, parallel = 2]
);

threads!(threads_in_memory, 0.03, RULES, []);
threads!(threads_with_parts_at_the_same_time, 0.01, RULES, [max_batch = 2, parallel = 2]);
threads!(threads_with_windows, 0.01, WINDOWS, [batch_window = "1ms", max_batch = 4]);
threads!(threads_with_memory_and_a_store, 0.03, RULES, [backend = ["memory://", "memory://?format=json"]]);
threads!(threads_with_a_store_alone, 0.03, RULES, [backend = "memory://?format=msgpack", max_batch = 2]);
