//! When an entry came to be and how long it lives, as a store keeps it.

use std::time::Duration;

pub use crate::time::Stamp;

/// The times of a stored entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When the load that made the value began: what an invalidation is compared with.
    pub load_began: Stamp,
    /// When the value was stored: what a TTL counts from.
    pub created: Stamp,
    /// Until when the value is fresh.
    pub fresh_until: Stamp,
    /// Until when the entry is of any use; at or after `fresh_until`.
    pub keep_until: Stamp,
    /// How long the load took.
    pub load_time: Duration,
}
