//! The generic cell rate algorithm, as a pure function of time.
//!
//! ITU-T Recommendation I.371 (Traffic control and congestion control in B-ISDN), annex A, in its virtual scheduling
//! form. Its state is one number, the theoretical arrival time of the next call: each call moves it on by the
//! interval, and a call may come before it by no more than the tolerance, which is what allows bursts.
//!
//! With `burst` calls at once, a span of time `w`, its end left out, sees at most `ceil(w / interval) + burst - 1`.

use std::time::Duration;

/// A rate: one call an interval, and some ahead of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Nanoseconds between calls.
    pub(crate) interval: u64,
    /// Nanoseconds that a call may come before its time.
    pub(crate) tolerance: u64,
}

/// The theoretical arrival time of the next call, in nanoseconds.
pub(crate) type Arrival = u64;

impl Rate {
    /// `burst` calls may come at once.
    pub(crate) fn new(interval: Duration, burst: u32) -> Self {
        let interval = nanos(interval).max(1);
        Self { interval, tolerance: interval.saturating_mul(u64::from(burst.max(1)) - 1) }
    }

    /// How long a call must wait.
    pub(crate) fn wait(self, arrival: Arrival, now: Duration) -> Duration {
        Duration::from_nanos(arrival.saturating_sub(self.tolerance).saturating_sub(nanos(now)))
    }

    /// The state after a call now that takes `interval`; `None` if it must wait.
    pub(crate) fn take(self, arrival: Arrival, now: Duration, interval: u64) -> Option<Arrival> {
        self.wait(arrival, now).is_zero().then(|| arrival.max(nanos(now)).saturating_add(interval))
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Calls at these times, of which those that need not wait run. Returns when they did.
    fn run(rate: Rate, calls: &[u64]) -> Vec<u64> {
        let mut arrival = 0;
        let mut ran = Vec::new();
        for &at in calls {
            if let Some(next) = rate.take(arrival, Duration::from_nanos(at), rate.interval) {
                arrival = next;
                ran.push(at);
            }
        }
        ran
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_allowed(
            interval in 1_u64..50, burst in 1_u32..6, gaps in prop::collection::vec(0_u64..60, 1..200), window in 1_u64..500,
        ) {
            let mut now = 0;
            let calls: Vec<_> = gaps.iter().map(|gap| { now += gap; now }).collect();
            let ran = run(Rate::new(Duration::from_nanos(interval), burst), &calls);
            let most = usize::try_from(window.div_ceil(interval)).unwrap() + burst as usize - 1;
            for (first, start) in ran.iter().enumerate() {
                let inside = ran[first..].iter().take_while(|at| **at < start + window).count();
                prop_assert!(inside <= most, "{inside} calls in {window}, at most {most}");
            }
        }

        #[test]
        fn no_token_is_lost(interval in 1_u64..50, burst in 1_u32..6, calls in 1_usize..100, start in 0_u64..1000) {
            // Each call waits as long as it is told, and no longer.
            let rate = Rate::new(Duration::from_nanos(interval), burst);
            let (mut arrival, mut now) = (0, start);
            for _ in 0..calls {
                now += nanos(rate.wait(arrival, Duration::from_nanos(now)));
                arrival = rate.take(arrival, Duration::from_nanos(now), rate.interval).expect("it has waited");
            }
            let waited = (calls as u64).saturating_sub(u64::from(burst)) * interval;
            prop_assert_eq!(now, start + waited);
        }
    }
}
