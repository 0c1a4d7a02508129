//! How writes are held back.

use std::time::Duration;

/// How long writes wait for company, how many, and what happens if there are too many.
///
/// ```
/// # use std::time::Duration;
/// use cacher_core::wrap::background::{Background, WhenFull};
///
/// let background = Background::new().capacity(10_000).interval(Duration::from_secs(1)).when_full(WhenFull::Block);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Background {
    pub(super) capacity: usize,
    pub(super) batch: usize,
    pub(super) interval: Duration,
    pub(super) when_full: WhenFull,
}

/// What becomes of a write when the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It goes to the store at once, in front of those that wait.
    #[default]
    WriteThrough,
    /// It waits for room. An executor is not held up: such a write runs on a worker thread.
    Block,
    /// The oldest one that waits is dropped, which is a fault; what the store has of that key is removed.
    DropOldest,
}

impl Default for Background {
    fn default() -> Self {
        Self::new()
    }
}

impl Background {
    /// 1024 entries at most, written after 100 ms, or sooner as soon as 64 are there; through when full.
    pub const fn new() -> Self {
        Self { capacity: 1024, batch: 64, interval: Duration::from_millis(100), when_full: WhenFull::WriteThrough }
    }

    /// How many entries may wait; at least 1.
    pub const fn capacity(self, entries: usize) -> Self {
        let capacity = if entries == 0 { 1 } else { entries };
        Self { capacity, ..self }
    }

    /// As soon as so many wait, they are written; at least 1. No more go to the store at once.
    pub const fn batch(self, entries: usize) -> Self {
        let batch = if entries == 0 { 1 } else { entries };
        Self { batch, ..self }
    }

    /// How long an entry waits at most before it is written.
    pub const fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// What becomes of a write when the queue is full.
    pub const fn when_full(self, when_full: WhenFull) -> Self {
        Self { when_full, ..self }
    }
}
