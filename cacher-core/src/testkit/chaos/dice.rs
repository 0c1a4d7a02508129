//! Draws that depend on a seed alone, and what was drawn.

use std::{collections::HashMap, fmt, time::Duration};

use crate::{
    strategy::life::mix,
    sync::{AtomicU64, Mutex, Ordering, lock},
};

/// What a store is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `get` and `get_many`
    Get,
    /// `put` and `put_many`
    Put,
    /// `remove` and `remove_many`
    Remove,
    /// `put_if_absent`
    PutIfAbsent,
    /// `touch`
    Touch,
    /// `written`
    Written,
    /// `clear`
    Clear,
    /// `scan` and `page`
    Scan,
    /// `len`
    Len,
    /// `sweep`
    Sweep,
}

impl Operation {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Get,
        Self::Put,
        Self::Remove,
        Self::PutIfAbsent,
        Self::Touch,
        Self::Written,
        Self::Clear,
        Self::Scan,
        Self::Len,
        Self::Sweep,
    ];
}

/// What may become of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// It fails, and is not done.
    Error,
    /// It does not end by itself.
    Hang,
    /// It takes longer.
    Delay,
    /// The entry that is read or put is cut, or has another bit.
    Torn,
}

const OPERATIONS: usize = Operation::ALL.len();
const TROUBLES: usize = 4;

/// How probable which trouble is.
pub(super) struct Chances {
    all: [[f64; TROUBLES]; OPERATIONS],
    pub(super) delay: Duration,
}

impl Default for Chances {
    fn default() -> Self {
        Self { all: Default::default(), delay: Duration::from_millis(100) }
    }
}

impl Chances {
    pub(super) fn set(&mut self, operation: Operation, trouble: Trouble, chance: f64) {
        self.all[operation as usize][trouble as usize] = chance;
    }

    pub(super) fn of(&self, operation: Operation, trouble: Trouble) -> f64 {
        self.all[operation as usize][trouble as usize]
    }

    pub(super) fn none(&mut self) {
        self.all = Default::default();
    }
}

/// Numbers that are drawn, and counts of what for.
#[derive(Default)]
pub(super) struct Dice {
    seed: AtomicU64,
    /// How many operations of a kind there were at a place.
    turns: Mutex<HashMap<(Operation, u64), u64>>,
    asked: [AtomicU64; OPERATIONS],
    counts: [[AtomicU64; TROUBLES]; OPERATIONS],
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dice").field("seed", &self.seed).field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Dice {
    pub(super) fn reseed(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
        lock(&self.turns).clear();
    }

    /// Which operation of this kind it is at a place.
    pub(super) fn next(&self, operation: Operation, place: u64) -> u64 {
        self.asked[operation as usize].fetch_add(1, Ordering::Relaxed);
        let mut turns = lock(&self.turns);
        let turn = turns.entry((operation, place)).or_default();
        *turn += 1;
        *turn
    }

    /// A number for these, spread evenly.
    pub(super) fn random(&self, parts: &[u64]) -> u64 {
        chain(self.seed.load(Ordering::Relaxed), parts.iter().copied())
    }

    pub(super) fn note(&self, operation: Operation, trouble: Trouble) {
        self.counts[operation as usize][trouble as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn asked(&self, operation: Operation) -> u64 {
        self.asked[operation as usize].load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, operation: Operation, trouble: Trouble) -> u64 {
        self.counts[operation as usize][trouble as usize].load(Ordering::Relaxed)
    }
}

fn chain(seed: u64, parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(mix(seed), |hash, part| mix(hash.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ mix(part.wrapping_add(1))))
}

/// A number for some texts.
pub(super) fn place(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().map(u64::from).chain([256]));
    chain(0, bytes)
}

/// The same for some bytes.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    chain(1, bytes.iter().copied().map(u64::from))
}

/// A number from 0 on and below 1.
#[expect(clippy::cast_precision_loss, reason = "any fraction will do")]
pub(super) fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// Bytes cut anywhere, or with one bit flipped. There is at least one.
pub(super) fn tear(bytes: &[u8], random: u64) -> Vec<u8> {
    let at = |of: usize| usize::try_from(mix(random) % of as u64).unwrap_or_default();
    if random.is_multiple_of(2) {
        return bytes[..at(bytes.len())].to_vec();
    }
    let (mut bytes, bit) = (bytes.to_vec(), at(bytes.len() * 8));
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_evenly_and_depend_on_the_seed() {
        let (one, other) = (Dice::default(), Dice::default());
        other.reseed(1);
        let drawn = |dice: &Dice| (0..10_000).filter(|nth| fraction(dice.random(&[0, 3, *nth])) < 0.1).count();
        assert!((900..1100).contains(&drawn(&one)) && (900..1100).contains(&drawn(&other)));
        assert_ne!(one.random(&[1]), other.random(&[1]));
        assert_eq!(one.random(&[1, 2]), Dice::default().random(&[1, 2]));
    }

    #[test]
    fn what_is_torn_is_never_whole() {
        let entry: Vec<u8> = (0..50).collect();
        let cut = (0..1000).map(|random| tear(&entry, mix(random))).inspect(|torn| assert_ne!(*torn, entry));
        let cut = cut.filter(|torn| torn.len() < entry.len()).count();
        assert!((400..600).contains(&cut), "{cut}");
    }
}
