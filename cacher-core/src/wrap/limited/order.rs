//! Who goes first.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use super::{Eviction, space::Name};

/// The place of an entry: the lowest goes first.
pub(super) type Rank = (u64, u64);

/// What is known of the use of an entry: turns of its namespace, and a count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Use {
    pub(super) put: u64,
    pub(super) last: u64,
    pub(super) gets: u64,
}

#[derive(Debug)]
pub(super) struct Order {
    eviction: Eviction,
    ranked: BTreeMap<Rank, Name>,
    random: u64,
}

impl Order {
    pub(super) fn new(eviction: Eviction) -> Self {
        Self { eviction, ranked: BTreeMap::new(), random: RandomState::new().build_hasher().finish() }
    }

    /// Whether a use that is no put changes the place.
    pub(super) fn minds_gets(&self) -> bool {
        matches!(self.eviction, Eviction::Lru | Eviction::Lfu)
    }

    /// Gives an entry its place.
    pub(super) fn add(&mut self, name: &Name, of: Use) -> Rank {
        let rank = match self.eviction {
            Eviction::Lru => (of.last, 0),
            Eviction::Fifo => (of.put, 0),
            Eviction::Lifo => (u64::MAX - of.put, 0),
            Eviction::Lfu => (of.gets, of.last),
            Eviction::Random => (self.draw(), of.put),
        };
        self.ranked.insert(rank, name.clone());
        rank
    }

    pub(super) fn remove(&mut self, rank: Rank) {
        self.ranked.remove(&rank);
    }

    /// The entry that goes first.
    pub(super) fn first(&mut self) -> Option<Name> {
        let first = match self.eviction {
            Eviction::Random => {
                let from = (self.draw(), 0);
                self.ranked.range(from..).next().or_else(|| self.ranked.first_key_value())
            }
            _ => self.ranked.first_key_value(),
        };
        first.map(|(_, name)| name.clone())
    }

    /// A step of the generator `SplitMix64`.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
