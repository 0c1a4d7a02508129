//! What a store did not take.

use std::fmt;

use crate::error::{Error, Kind};

/// Writes that were accepted, and that the store did not take afterwards.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lost {
    /// How many entries.
    pub entries: u64,
    /// Why the first of them was lost.
    pub error: Error,
}

impl Lost {
    /// The losses of several queues.
    pub(super) fn and(self, more: &Self) -> Self {
        Self { entries: self.entries + more.entries, error: self.error }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = if self.entries == 1 { "entry was" } else { "entries were" };
        write!(f, "{} {entries} not stored: {}", self.entries, self.error)
    }
}

impl std::error::Error for Lost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

pub(super) fn dropped_write() -> Error {
    Error::new(Kind::Unavailable, "the queue of writes is full: the oldest write was dropped")
}
