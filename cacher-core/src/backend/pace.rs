//! A rate that all processes share, as a store keeps it.

use std::time::Duration;

/// How often something may happen: once in an interval, and some ahead of time.
///
/// A store keeps one number of it, the theoretical arrival time of the next call (GCRA, ITU-T I.371, annex A), by its own
/// clock. A call may come as soon as the tolerance before that time lets it, and moves it on by the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// The time between calls, in whole microseconds: what a call takes that comes now.
    pub interval: Duration,
    /// How long before its time a call may come, in whole microseconds: what lets some come at once.
    pub tolerance: Duration,
}

const DAY: u64 = 86_400_000_000;

/// No number of a store overflows by it: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

impl Pace {
    /// At least a microsecond apart, and at most ten years; a part of a microsecond counts as a whole one.
    #[must_use]
    pub fn new(interval: Duration, tolerance: Duration) -> Self {
        let whole = |time: Duration| Duration::from_micros(micros(time.min(LONGEST)));
        Self { interval: whole(interval).max(Duration::from_micros(1)), tolerance: whole(tolerance) }
    }

    /// Interval and tolerance in microseconds, and how far from now no arrival time is that this rate has kept: what is
    /// was kept by another clock, and says nothing.
    #[cfg_attr(
        not(any(feature = "redis", feature = "postgres", feature = "mysql", feature = "mongodb")),
        allow(dead_code, reason = "servers keep them")
    )]
    pub(super) fn numbers(self) -> [u64; 3] {
        let [interval, tolerance] = [self.interval, self.tolerance].map(micros);
        // A call may take many intervals at once.
        [interval, tolerance, tolerance + 4 * interval + DAY]
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)
}
