//! When a load that has failed is tried again, where there is a value meanwhile.

use std::{collections::HashMap, time::Duration};

use crate::{
    sync::{AtomicUsize, Mutex, Ordering, lock},
    time::Tick,
};

/// Loads that have failed lately, by the hashes of their keys. Two keys of one hash share the pause of either.
#[derive(Debug, Default)]
pub(super) struct HoldOffs {
    failed: Mutex<HashMap<u64, Failed>>,
    /// How many there are: so that nobody locks where there are none.
    count: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    again: Tick,
    times: u32,
}

/// How long after a first failure; twice as long after each further one, up to a minute.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How many keys are remembered; beyond that those whose pause is over are forgotten, and then all.
const MOST: usize = 4096;

impl HoldOffs {
    /// Whether the load of a key is not to be tried now.
    pub(super) fn holds(&self, hash: u64, now: Tick) -> bool {
        self.count.load(Ordering::Relaxed) > 0 && lock(&self.failed).get(&hash).is_some_and(|failed| now < failed.again)
    }

    /// The load of a key has failed.
    pub(super) fn note(&self, hash: u64, now: Tick) {
        let mut failed = lock(&self.failed);
        if failed.len() >= MOST {
            failed.retain(|_, failed| now < failed.again);
            if failed.len() >= MOST {
                failed.clear();
            }
        }
        let times = failed.get(&hash).map_or(0, |failed| failed.times.saturating_add(1));
        let pause = FIRST.saturating_mul(2_u32.saturating_pow(times)).min(LONGEST);
        failed.insert(hash, Failed { again: now.after(pause), times });
        self.count.store(failed.len(), Ordering::Relaxed);
    }

    /// The load of a key has succeeded.
    pub(super) fn forget(&self, hash: u64) {
        if self.count.load(Ordering::Relaxed) > 0 {
            let mut failed = lock(&self.failed);
            failed.remove(&hash);
            self.count.store(failed.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick(seconds << 32)
    }

    #[test]
    fn pauses_grow_until_a_load_succeeds() {
        let holdoffs = HoldOffs::default();
        assert!(!holdoffs.holds(1, at(0)));
        for (failed, pause) in [(0, 1), (10, 2), (20, 4), (30, 8), (40, 16), (60, 32), (100, 60), (200, 60)] {
            holdoffs.note(1, at(failed));
            assert!(holdoffs.holds(1, at(failed + pause - 1)) && !holdoffs.holds(1, at(failed + pause)));
            assert!(!holdoffs.holds(2, at(failed)));
        }
        holdoffs.forget(1);
        holdoffs.note(1, at(300));
        assert!(!holdoffs.holds(1, at(301)), "the first pause again");
    }

    #[test]
    fn no_more_than_so_many_are_remembered() {
        let holdoffs = HoldOffs::default();
        (0..10_000).for_each(|hash| holdoffs.note(hash, at(0)));
        assert!(lock(&holdoffs.failed).len() <= MOST);
        assert!(holdoffs.holds(9_999, at(0)));
    }
}
