//! When an entry came to be and how long it lives, as a store keeps it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time of day as stores keep it: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Later than any time.
    pub const NEVER: Self = Self(u64::MAX);

    /// This long after; `NEVER` stays `NEVER`, and so does what is too far.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier`; zero if it is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// As a time of the system, unless it is `NEVER` or beyond what the system can say.
    #[must_use]
    pub fn to_system(self) -> Option<SystemTime> {
        if self == Self::NEVER { None } else { UNIX_EPOCH.checked_add(Duration::from_millis(self.0)) }
    }
}

impl From<SystemTime> for Stamp {
    fn from(time: SystemTime) -> Self {
        Self(0).after(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

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
