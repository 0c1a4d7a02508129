//! Random calls, and what must hold of each.

use std::{collections::HashMap, time::Duration};

use crate::{
    random::Random,
    scene::Scene,
    source::{Failure, Value, now},
};

const KEYS: u64 = 3;

/// Walks through a scene.
pub(crate) struct Walk<'a> {
    scene: &'a Scene,
    random: Random,
    /// The first value of a key that may be served: those before were invalidated or replaced.
    floors: HashMap<u64, u64>,
    /// The latest value of a key that memory has.
    remembered: HashMap<u64, Value>,
    /// How old the oldest value was that was served, in milliseconds.
    pub(crate) oldest: u64,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(scene: &'a Scene, seed: u64) -> Self {
        let (floors, remembered) = (HashMap::new(), HashMap::new());
        Self { scene, random: Random::new(seed), floors, remembered, oldest: 0 }
    }

    pub(crate) fn step(&mut self) {
        let key = self.random.below(KEYS);
        match self.random.below(24) {
            0..=11 => self.call(key),
            12 => self.refresh(key),
            13 => self.insert(key),
            14 => self.invalidate(key),
            15 => self.invalidate_tag(key),
            16 => self.peek(key),
            17 => self.scene.source.set_down(!self.scene.source.is_down()),
            18 if self.random.once_in(4) => self.clear(),
            18 => assert!((self.scene.len)() <= KEYS * 2),
            _ => self.wait(),
        }
    }

    fn wait(&mut self) {
        let longest = [10, 1_000, 5_000, 12_000][usize::try_from(self.random.below(4)).unwrap()];
        self.scene.clock.advance(Duration::from_millis(1 + self.random.below(longest)));
    }

    fn call(&mut self, key: u64) {
        let (began, known) = (now(&self.scene.clock), self.scene.source.count());
        match (self.scene.call)(key) {
            Ok(value) => {
                self.check(key, &value, began);
                if self.remembers() {
                    let before = self.remembered.insert(key, value.clone());
                    let newest = before.is_none_or(|before| value.number >= before.number);
                    assert!(newest || value.number >= known, "{value:?} came after a newer one");
                }
            }
            Err(Failure::Down) if self.scene.source.is_down() => {
                let remembered = self.remembered.get(&key);
                let there = remembered.filter(|value| now(&self.scene.clock) - value.at < self.scene.remembered);
                assert_eq!(there, None, "an error in place of what memory has");
            }
            Err(failure) => panic!("{failure:?} while the source was up"),
        }
    }

    fn peek(&mut self, key: u64) {
        let began = now(&self.scene.clock);
        if let Some(value) = (self.scene.peek)(key) {
            self.check(key, &value, began);
        }
    }

    fn refresh(&mut self, key: u64) {
        match (self.scene.refresh)(key) {
            Ok(value) => self.replaced(key, value),
            Err(failure) => assert!(failure == Failure::Down && self.scene.source.is_down(), "{failure:?}"),
        }
    }

    fn insert(&mut self, key: u64) {
        let value = self.scene.source.make(key);
        (self.scene.insert)(key, value.clone());
        self.replaced(key, value);
    }

    /// Nothing that is older than this value is served from now on.
    fn replaced(&mut self, key: u64, value: Value) {
        self.floors.insert(key, value.number);
        if self.remembers() {
            self.remembered.insert(key, value);
        }
    }

    fn invalidate(&mut self, key: u64) {
        (self.scene.invalidate)(key);
        self.gone(|gone| gone == key);
    }

    fn invalidate_tag(&mut self, key: u64) {
        if let Some(invalidate) = self.scene.invalidate_tag {
            invalidate(key);
            self.gone(|gone| gone % 2 == key % 2);
        }
    }

    fn clear(&mut self) {
        (self.scene.clear)();
        self.gone(|_| true);
    }

    /// Nothing that was made before is served for these keys.
    fn gone(&mut self, which: impl Fn(u64) -> bool) {
        let next = self.scene.source.count();
        for key in (0..KEYS).filter(|key| which(*key)) {
            self.floors.insert(key, next);
            self.remembered.remove(&key);
        }
    }

    fn remembers(&self) -> bool {
        self.scene.remembered > 0
    }

    fn check(&mut self, key: u64, value: &Value, began: u64) {
        let age = began.saturating_sub(value.at);
        assert!(value.key == key && self.scene.source.made(value), "{value:?} for {key}");
        let floor = self.floors.get(&key).copied().unwrap_or_default();
        assert!(value.number >= floor, "{value:?} is older than value {floor}, which came after it");
        assert!(age < self.scene.oldest, "{value:?} is {age} ms old");
        self.oldest = self.oldest.max(age);
    }

    /// The trouble is over: soon all is as if there had been none.
    pub(crate) fn heal(&mut self) {
        self.scene.source.set_down(false);
        self.scene.stores.iter().for_each(cacher::testing::Chaos::calm);
        (0..20).for_each(|_| self.scene.clock.advance(Duration::from_secs(10)));
        let stats = (self.scene.stats)();
        assert_eq!(stats.pending_removals, 0, "{stats:?}");
        for key in 0..KEYS {
            self.call(key);
        }
    }

    /// Whether what is called twice is there the second time.
    pub(crate) fn hits(&mut self) -> bool {
        (0..KEYS).all(|key| {
            let values = [(self.scene.call)(key), (self.scene.call)(key)];
            values[0] == values[1]
        })
    }
}
