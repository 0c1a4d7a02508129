//! Threads that take steps, and what must hold when they have.

use std::sync::Arc;

use cacher_core::testkit::ManualClock;
use shuttle::thread;

use crate::{
    ground::{Ground, Land, Life},
    step::{Stage, Step},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) ground: Ground,
    pub(crate) life: Life,
    pub(crate) start: Start,
    /// What each thread does.
    pub(crate) threads: &'static [&'static [Step]],
}

/// What is there at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Nothing,
    /// A value in each tier.
    Warm,
    /// A value in each store, as after a restart.
    Restarted,
}

impl Scene {
    pub(crate) fn play(&self) {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let land = Land::new(self.ground, self.life);
        let stage = Arc::new(Stage::new(clock));
        let mut cache = land.open();
        if self.start != Start::Nothing {
            stage.take(Step::Set, &cache);
        }
        if self.start == Start::Restarted && land.has_stores() {
            drop(cache);
            cache = land.open();
        }
        let threads = self.threads.iter().map(|steps| {
            let (stage, cache) = (Arc::clone(&stage), cache.clone());
            thread::spawn(move || steps.iter().for_each(|step| stage.take(*step, &cache)))
        });
        let threads: Vec<_> = threads.collect();
        for thread in threads {
            thread.join().expect("it has ended");
        }
        self.check_loads(&stage);
        stage.take(Step::Get, &cache);
        // An invalidation that was not waited for is made good by the cache that was asked for it.
        if land.has_stores() && !self.has(Step::Linger) {
            drop(cache);
            cache = land.open();
            stage.take(Step::Get, &cache);
        }
        stage.take(Step::Load, &cache);
    }

    fn has(&self, step: Step) -> bool {
        self.steps().any(|one| one == step)
    }

    fn steps(&self) -> impl Iterator<Item = Step> {
        self.threads.iter().copied().flatten().copied()
    }

    /// One load at a time, but for those that something has overtaken.
    fn check_loads(&self, stage: &Stage) {
        let overtaking = self.steps().map(Step::overtakes).sum::<usize>();
        let most = stage.ledger.most_at_once();
        assert!(most <= 1 + overtaking, "{most} bodies ran at once");
        if self.start == Start::Nothing && self.steps().all(|step| matches!(step, Step::Load | Step::LoadAsync)) {
            assert_eq!(stage.ledger.bodies(), 1, "several bodies ran for one value");
        }
    }
}
