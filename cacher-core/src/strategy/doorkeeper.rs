use std::fmt;

use super::{Call, Draft, Strategy, Verdict, life};
use crate::sync::{AtomicU64, AtomicUsize, Ordering};

/// Keeps only what is loaded a second time: what `admit = second_sighting` makes, so that what is asked for once takes no
/// room. What is inserted by hand is kept.
///
/// What was loaded is remembered in a Bloom filter (B. Bloom, 1970), with two hash functions for all (Kirsch and
/// Mitzenmacher, 2006); it is emptied when it has as many keys as it is for, as the doorkeeper of `TinyLFU` is (Einziger,
/// Friedman and Manes, 2017). By mistake it lets a value in at once: of a full filter one in a thousand.
///
/// ```
/// use cacher_core::strategy::Doorkeeper;
///
/// let of_a_million = Doorkeeper::new(1_000_000);
/// ```
pub struct Doorkeeper {
    filter: Bloom,
}

impl fmt::Debug for Doorkeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorkeeper").field("keys", &self.filter.keys).finish_non_exhaustive()
    }
}

impl Doorkeeper {
    /// Remembers this many keys before it forgets all. Takes about two bytes for each.
    #[must_use]
    pub fn new(keys: usize) -> Self {
        Self { filter: Bloom::new(keys.max(1), 0.001) }
    }
}

impl Default for Doorkeeper {
    /// For 100 000 keys.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl Strategy for Doorkeeper {
    fn ask_write(&self, call: &Call<'_>, draft: &mut Draft) -> Verdict {
        let known = |key| self.filter.contains(key);
        if draft.is_inserted() || call.key().is_none_or(known) { Verdict::Proceed } else { Verdict::Refuse }
    }

    fn refuse_write(&self, call: &Call<'_>) {
        if let Some(key) = call.key() {
            self.filter.put(key);
        }
    }
}

/// A set of hashes that may say that it has one it has not.
struct Bloom {
    keys: usize,
    hashes: u32,
    bits: Box<[AtomicU64]>,
    /// How many were put.
    puts: AtomicUsize,
}

impl Bloom {
    /// For so many keys, of which such a part is mistaken for others when all are there.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes")]
    fn new(keys: usize, mistakes: f64) -> Self {
        let ln2 = std::f64::consts::LN_2;
        let bits = (-(keys as f64) * mistakes.ln() / (ln2 * ln2)).ceil() as usize;
        let bits = bits.next_power_of_two().max(64);
        let hashes = (bits as f64 / keys as f64 * ln2) as u32;
        let words = (0..bits / 64).map(|_| AtomicU64::new(0)).collect();
        Self { keys, hashes: hashes.clamp(1, 32), bits: words, puts: AtomicUsize::new(0) }
    }

    fn bit(&self, hash: u64, nth: u32) -> (&AtomicU64, u64) {
        let place = hash.wrapping_add(u64::from(nth).wrapping_mul(life::mix(hash) | 1));
        let place = usize::try_from(place >> 1).unwrap_or(usize::MAX) % (self.bits.len() * 64);
        (&self.bits[place / 64], 1 << (place % 64))
    }

    fn contains(&self, hash: u64) -> bool {
        let hash = life::mix(hash);
        (0..self.hashes).all(|nth| {
            let (word, bit) = self.bit(hash, nth);
            word.load(Ordering::Relaxed) & bit != 0
        })
    }

    fn put(&self, hash: u64) {
        if self.puts.fetch_add(1, Ordering::Relaxed) >= self.keys {
            self.clear();
        }
        let hash = life::mix(hash);
        for nth in 0..self.hashes {
            let (word, bit) = self.bit(hash, nth);
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    fn clear(&self) {
        self.puts.store(1, Ordering::Relaxed);
        self.bits.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cme_28_a_filter_for_a_hundred_keys() {
        let filter = Bloom::new(100, 0.001);
        assert_eq!((filter.hashes, filter.bits.len() * 64), (14, 2048));
        for key in 0..100 {
            assert!(!filter.contains(key), "{key}");
            filter.put(key);
        }
        filter.clear();
        (0..40).for_each(|key| filter.put(key));
        assert!((0..40).all(|key| filter.contains(key)));
    }

    #[test]
    fn cme_29_a_full_filter_forgets() {
        let filter = Bloom::new(100, 0.001);
        filter.put(1000);
        (0..99).for_each(|key| filter.put(key));
        assert!(filter.contains(1000));
        filter.put(99);
        assert!(!filter.contains(1000) && filter.contains(99));
    }

    #[test]
    fn mistakes_are_as_rare_as_was_said() {
        let filter = Bloom::new(10_000, 0.001);
        (0..10_000).for_each(|key| filter.put(key));
        let mistakes = (10_000..1_010_000).filter(|key| filter.contains(*key)).count();
        assert!(mistakes < 1500, "{mistakes} of a million");
    }
}
