//! A step of a format that fails as a test says.

use std::fmt;

use super::dice::{self, Dice, Operation, Trouble};
use crate::{
    error::{Error, Kind, Result},
    format::{Context, Filter},
    sync::{AtomicU64, Ordering},
};

/// A filter that makes trouble: put behind a format, it makes values fail to be written or read, or tears them.
///
/// It adds eight bytes to each value, by which it finds out what it tore: like all filters it gives back what it was
/// given, or fails. Probabilities are from 0, which is the default, to 1; with one thread, the same seed makes the same
/// trouble.
///
/// ```
/// # #[cfg(feature = "msgpack")] {
/// use cacher_core::{format::Format, testkit::ChaosFilter};
///
/// let format = Format::named("msgpack")?.then(ChaosFilter::new().seed(7).errors(0.1).torn(0.1));
/// let came_back = (0..1000).filter(|n| format.encode(n).and_then(|bytes| format.decode(&bytes)).ok() == Some(*n)).count();
/// assert!((650..800).contains(&came_back), "{came_back}");
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct ChaosFilter {
    dice: Dice,
    turns: AtomicU64,
    errors: f64,
    panics: f64,
    torn: f64,
}

impl ChaosFilter {
    /// A filter that makes no trouble yet, with the seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Draws other trouble, which is the same for the same seed.
    pub fn seed(self, seed: u64) -> Self {
        self.dice.reseed(seed);
        self
    }

    /// Fails with this probability, both when a value is written and when it is read.
    pub fn errors(self, probability: f64) -> Self {
        Self { errors: probability, ..self }
    }

    /// The same by a panic, which the cache takes for an error.
    pub fn panics(self, probability: f64) -> Self {
        Self { panics: probability, ..self }
    }

    /// Tears with this probability what it writes.
    pub fn torn(self, probability: f64) -> Self {
        Self { torn: probability, ..self }
    }

    fn befall(&self, operation: Operation) -> Result<u64> {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let drawn = |what: u64, chance: f64| dice::fraction(self.dice.random(&[turn, what])) < chance;
        assert!(!drawn(0, self.panics), "chaos: {operation:?} is said to panic");
        if drawn(1, self.errors) {
            return Err(Error::new(Kind::Unstorable, format!("chaos: {operation:?} is said to fail")));
        }
        Ok(turn)
    }
}

impl fmt::Debug for ChaosFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { errors, panics, torn, .. } = self;
        f.debug_struct("ChaosFilter")
            .field("errors", errors)
            .field("panics", panics)
            .field("torn", torn)
            .finish_non_exhaustive()
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    dice::sum(bytes).to_le_bytes()
}

impl Filter for ChaosFilter {
    fn name(&self) -> &'static str {
        "chaos"
    }

    fn apply(&self, mut bytes: Vec<u8>, _: &Context<'_>) -> Result<Vec<u8>> {
        let number = self.befall(Operation::Put)?;
        bytes.extend(checksum(&bytes));
        let torn = dice::fraction(self.dice.random(&[number, Trouble::Torn as u64])) < self.torn;
        Ok(if torn { dice::tear(&bytes, self.dice.random(&[number])) } else { bytes })
    }

    fn undo(&self, bytes: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
        self.befall(Operation::Get)?;
        match bytes.split_last_chunk() {
            Some((whole, sum)) if *sum == checksum(whole) => Ok(whole.to_vec()),
            _ => Err(Error::new(Kind::Damaged, "chaos: the value is torn")),
        }
    }
}
