//! Two kinds of time: [`Tick`], which never goes back and is cheap, for memory; [`Stamp`], the time of day, for stores.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time on a clock that never goes back, in units of 2^-32 s. Means nothing outside the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub(crate) u64);

impl Tick {
    /// Later than any time.
    pub const NEVER: Self = Self(u64::MAX);

    /// This long after; `NEVER` if that is beyond 136 years.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(units(wait)))
    }

    /// This long before.
    pub(crate) fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(units(time)))
    }

    /// How long it is until then; zero if it is past, the most there is if it is `NEVER`.
    pub(crate) fn left(self, now: Self) -> Duration {
        if self == Self::NEVER { Duration::MAX } else { self.since(now) }
    }

    /// How long after `earlier`; zero if it is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let units = self.0.saturating_sub(earlier.0);
        Duration::from_secs(units >> 32) + Duration::from_nanos(((units & 0xFFFF_FFFF) * 1_000_000_000) >> 32)
    }
}

/// A duration in units of 2^-32 s, rounded up so that nothing ends early.
fn units(wait: Duration) -> u64 {
    if wait.as_secs() > u64::from(u32::MAX) {
        return u64::MAX;
    }
    let fraction = (u64::from(wait.subsec_nanos()) << 32).div_ceil(1_000_000_000);
    (wait.as_secs() << 32).saturating_add(fraction)
}

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
