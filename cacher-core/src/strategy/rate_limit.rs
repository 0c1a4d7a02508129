use std::{collections::HashMap, fmt, time::Duration};

use super::{
    Call, Permit, Strategy,
    gcra::{Arrival, Rate},
};
use crate::sync::{Mutex, lock};

/// Lets the body run at a rate; hits are never limited. What `rate_limit = ".."` makes, and for lists that several
/// caches share, whose calls then count together.
///
/// Calls are spaced evenly: 10 in a second are 100 ms apart. A [`burst`](Self::burst) may come at once. The algorithm
/// is GCRA (ITU-T I.371, annex A): a span of time sees at most as many calls as it has intervals, rounded up, and one
/// burst less one.
///
/// A function that is generic has a cache, and so a limit, for each of its forms, and a [`Site`](crate::site::Site)
/// for each instance; a limit in an [`Arc`](std::sync::Arc) can be shared by all of them. Waits end by a clock whose
/// steps are 1 to 15 ms long: for rates of more than a hundred a second allow a burst, or the steps slow them down.
///
/// ```
/// # use std::time::Duration;
/// use cacher_core::strategy::RateLimit;
///
/// let ten_a_second = RateLimit::new(10, Duration::from_secs(1)).burst(3);
/// ```
pub struct RateLimit {
    interval: Duration,
    burst: u32,
    variance: f64,
    per_item: bool,
    arrivals: Mutex<Arrivals>,
}

/// When the next call of each partition is due.
#[derive(Default)]
struct Arrivals {
    of: HashMap<u64, Arrival, foldhash::fast::RandomState>,
    /// How many there were after the last look for idle ones.
    kept: usize,
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interval, burst, variance, .. } = self;
        f.debug_struct("RateLimit")
            .field("interval", interval)
            .field("burst", burst)
            .field("variance", variance)
            .finish_non_exhaustive()
    }
}

impl RateLimit {
    /// This many calls in this time. Zero calls count as one.
    #[must_use]
    pub fn new(calls: u32, time: Duration) -> Self {
        // Rounded up: three a second are not four in a second that is a nanosecond longer.
        let interval = time.as_nanos().div_ceil(u128::from(calls.max(1)));
        let interval = Duration::from_nanos(u64::try_from(interval).unwrap_or(u64::MAX));
        Self { interval, burst: 1, variance: 0.0, per_item: false, arrivals: Mutex::default() }
    }

    /// Lets this many calls come at once after a pause; 1 without it, and zero counts as one.
    #[must_use]
    pub fn burst(self, calls: u32) -> Self {
        Self { burst: calls, ..self }
    }

    /// Makes each interval longer or shorter at random: 0.1 by up to 5 % either way. 0 without it, at most 1.
    #[must_use]
    pub fn variance(self, variance: f64) -> Self {
        Self { variance: if variance.is_nan() { 0.0 } else { variance.clamp(0.0, 1.0) }, ..self }
    }

    /// Counts each item that the body of a batch is asked for, and not the body: it runs when one item may, and what the
    /// others take ahead of time is waited for before the next. A body counts once without it.
    #[must_use]
    pub fn per_item(self) -> Self {
        Self { per_item: true, ..self }
    }

    fn rate(&self) -> Rate {
        Rate::new(self.interval, self.burst)
    }

    /// How many calls this one counts for.
    fn count(&self, call: &Call<'_>) -> u64 {
        if self.per_item { u64::from(call.items) } else { 1 }
    }

    /// The interval to the next call: `share` of the variance, between -0.5 and 0.5.
    #[expect(clippy::cast_precision_loss, reason = "a random number")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0.5 and 1.5 of one")]
    fn interval(&self, share: f64) -> u64 {
        let interval = self.rate().interval;
        if self.variance == 0.0 { interval } else { (interval as f64 * (1.0 + self.variance * share)) as u64 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "any fraction will do")]
fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

impl Strategy for RateLimit {
    fn ask_load(&self, call: &Call<'_>) -> Permit {
        let arrival = lock(&self.arrivals).of.get(&call.partition).copied().unwrap_or_default();
        match self.rate().wait(arrival, call.now) {
            Duration::ZERO => Permit::Now,
            wait => Permit::After(wait),
        }
    }

    fn commit_load(&self, call: &Call<'_>) -> bool {
        let interval = self.interval(fraction(call.random()) - 0.5).saturating_mul(self.count(call));
        let mut arrivals = lock(&self.arrivals);
        arrivals.forget_idle(call.now);
        let arrival = arrivals.of.entry(call.partition).or_default();
        let next = self.rate().take(*arrival, call.now, interval);
        *arrival = next.unwrap_or(*arrival);
        next.is_some()
    }

    fn revoke_load(&self, call: &Call<'_>) {
        // Not more than was taken.
        let interval = self.interval(-0.5).saturating_mul(self.count(call));
        if let Some(arrival) = lock(&self.arrivals).of.get_mut(&call.partition) {
            *arrival = arrival.saturating_sub(interval);
        }
    }
}

impl Arrivals {
    /// Forgets the partitions that are as good as new, whenever there are twice as many as before.
    fn forget_idle(&mut self, now: Duration) {
        if self.of.len() > 2 * self.kept + 64 {
            let now = super::gcra::nanos(now);
            self.of.retain(|_, arrival| *arrival > now);
            self.kept = self.of.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(nanos: u64) -> Call<'static> {
        Call { cache: "", key: Some(1), partition: 0, items: 1, now: Duration::from_nanos(nanos) }
    }

    #[test]
    fn a_rate_that_is_no_whole_number_of_nanoseconds() {
        let limit = RateLimit::new(3, Duration::from_secs(1));
        let calls = (0..10_u64).flat_map(|ninth| (0..9).map(move |late| ninth * 111_111_111 + late));
        let calls = calls.filter(|nanos| *nanos < 1_000_000_000);
        let ran =
            calls.filter(|nanos| limit.ask_load(&call(*nanos)) == Permit::Now && limit.commit_load(&call(*nanos)));
        assert_eq!(ran.count(), 3);
    }

    #[test]
    fn what_is_revoked_can_be_taken_again() {
        let limit = RateLimit::new(1, Duration::from_secs(1)).burst(2);
        assert!(limit.commit_load(&call(0)) && limit.commit_load(&call(0)) && !limit.commit_load(&call(0)));
        limit.revoke_load(&call(0));
        assert!(limit.commit_load(&call(0)) && !limit.commit_load(&call(0)));
    }

    #[test]
    fn items_of_a_batch_count_each_if_they_are_to() {
        let limit = RateLimit::new(1, Duration::from_secs(1)).per_item();
        assert!(limit.commit_load(&Call { items: 5, ..call(0) }), "one of them may come");
        assert_eq!(limit.ask_load(&call(0)), Permit::After(Duration::from_secs(5)));
        limit.revoke_load(&Call { items: 5, ..call(0) });
        assert_eq!(limit.ask_load(&call(0)), Permit::Now);
        let of_bodies = RateLimit::new(1, Duration::from_secs(1));
        assert!(of_bodies.commit_load(&Call { items: 5, ..call(0) }));
        assert_eq!(of_bodies.ask_load(&call(0)), Permit::After(Duration::from_secs(1)));
    }

    #[test]
    fn idle_partitions_are_forgotten() {
        let limit = RateLimit::new(1, Duration::from_secs(1));
        for host in 0..10_000 {
            assert!(limit.commit_load(&Call { partition: host, ..call(host * 1_000_000_000) }));
        }
        assert!(lock(&limit.arrivals).of.len() < 100);
    }
}
