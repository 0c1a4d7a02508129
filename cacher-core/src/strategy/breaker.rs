use std::{fmt, time::Duration};

use super::{Call, LoadEnd, Permit, Strategy};
use crate::sync::{Mutex, lock};

/// Holds the body back while too many of its loads fail: what `breaker = "50%/10s"` makes, and for lists that several
/// caches share, whose loads then count together.
///
/// The circuit is *closed* at first, and the body runs. If the loads of a window of time are at least
/// [`min_loads`](Self::min_loads), 10 without it, and the given part of them has failed, it *opens*: no body runs for as
/// long as the window is, and then it is *half open*: one body runs, whose end closes the circuit or opens it again. (M. Nygard,
/// "Release It!", 2007.) The window moves in steps of a tenth.
///
/// A load fails by an error, a panic, by being dropped, or by taking longer than it may. Errors that `error_if` tells of
/// are answers, and no failures.
///
/// ```
/// # use std::time::Duration;
/// use cacher_core::strategy::Breaker;
///
/// let half_of_ten_seconds = Breaker::new(0.5, Duration::from_secs(10)).min_loads(20);
/// ```
pub struct Breaker {
    part: f64,
    window: Duration,
    min_loads: u32,
    circuit: Mutex<Circuit>,
}

/// Into how many steps a window is divided.
const STEPS: usize = 10;

#[derive(Debug, Default)]
struct Circuit {
    state: State,
    counts: [Count; STEPS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Closed,
    /// Until then.
    Open(Duration),
    /// One body is on trial; if nothing is heard of it until then, another one.
    HalfOpen(Duration),
}

/// The loads of one step.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    step: u64,
    loads: u32,
    failures: u32,
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, window, min_loads, .. } = self;
        f.debug_struct("Breaker")
            .field("part", part)
            .field("window", window)
            .field("min_loads", min_loads)
            .finish_non_exhaustive()
    }
}

impl Breaker {
    /// Opens when this part of the loads has failed, from above 0 to 1, in this time.
    #[must_use]
    pub fn new(part: f64, window: Duration) -> Self {
        Self { part, window: window.max(Duration::from_millis(1)), min_loads: 10, circuit: Mutex::default() }
    }

    /// Of fewer loads in the window it does not judge; 10 without it.
    #[must_use]
    pub fn min_loads(self, loads: u32) -> Self {
        Self { min_loads: loads.max(1), ..self }
    }

    fn step(&self, now: Duration) -> u64 {
        let length = (self.window.as_nanos() / STEPS as u128).max(1);
        u64::try_from(now.as_nanos() / length).unwrap_or(u64::MAX)
    }
}

impl Circuit {
    fn count(&mut self, step: u64, failed: bool) {
        let at = usize::try_from(step % STEPS as u64).unwrap_or_default();
        let count = &mut self.counts[at];
        if count.step != step {
            *count = Count { step, ..Count::default() };
        }
        count.loads += 1;
        count.failures += u32::from(failed);
    }

    /// Loads and failures of the window that ends with this step.
    fn of_window(&self, step: u64) -> (u32, u32) {
        let recent = self.counts.iter().filter(|count| count.step + STEPS as u64 > step);
        recent.fold((0, 0), |(loads, failures), count| (loads + count.loads, failures + count.failures))
    }
}

impl Strategy for Breaker {
    fn ask_load(&self, call: &Call<'_>) -> Permit {
        match lock(&self.circuit).state {
            State::Closed => Permit::Now,
            State::Open(until) | State::HalfOpen(until) if call.now() >= until => Permit::Now,
            State::Open(_) | State::HalfOpen(_) => Permit::Refuse,
        }
    }

    fn commit_load(&self, call: &Call<'_>) -> bool {
        let mut circuit = lock(&self.circuit);
        match circuit.state {
            State::Closed => true,
            State::Open(until) | State::HalfOpen(until) if call.now() >= until => {
                circuit.state = State::HalfOpen(call.now().saturating_add(self.window));
                true
            }
            State::Open(_) | State::HalfOpen(_) => false,
        }
    }

    fn revoke_load(&self, call: &Call<'_>) {
        let mut circuit = lock(&self.circuit);
        if matches!(circuit.state, State::HalfOpen(_)) {
            circuit.state = State::Open(call.now());
        }
    }

    fn after_load(&self, call: &Call<'_>, end: LoadEnd) {
        let (failed, step) = (end == LoadEnd::Failure, self.step(call.now()));
        let opened = State::Open(call.now().saturating_add(self.window));
        let mut circuit = lock(&self.circuit);
        match circuit.state {
            // Begun before it opened.
            State::Open(_) => {}
            State::HalfOpen(_) if failed => circuit.state = opened,
            State::HalfOpen(_) => *circuit = Circuit::default(),
            State::Closed => {
                circuit.count(step, failed);
                let (loads, failures) = circuit.of_window(step);
                if loads >= self.min_loads && f64::from(failures) >= self.part * f64::from(loads) && failures > 0 {
                    circuit.state = opened;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Call<'static> {
        Call { cache: "", key: Some(1), partition: 0, items: 1, now: Duration::from_millis(millis) }
    }

    fn load(breaker: &Breaker, millis: u64, end: LoadEnd) -> bool {
        let call = at(millis);
        let runs = breaker.ask_load(&call) == Permit::Now && breaker.commit_load(&call);
        if runs {
            breaker.after_load(&call, end);
        }
        runs
    }

    #[test]
    fn opens_tries_and_closes() {
        let breaker = Breaker::new(0.5, Duration::from_secs(10)).min_loads(4);
        for (millis, end) in [(0, LoadEnd::Value), (1, LoadEnd::Value), (2, LoadEnd::Failure)] {
            assert!(load(&breaker, millis, end));
        }
        assert!(load(&breaker, 3, LoadEnd::Failure), "the fourth, and the second that fails");
        assert!(!load(&breaker, 10_002, LoadEnd::Value));
        assert!(load(&breaker, 10_003, LoadEnd::Failure), "a trial");
        assert!(!load(&breaker, 20_002, LoadEnd::Value));
        let (trial, other) = (at(20_003), at(20_004));
        assert!(breaker.commit_load(&trial) && !breaker.commit_load(&other), "one at a time");
        breaker.revoke_load(&trial);
        assert!(breaker.commit_load(&other), "it did not run, so another does");
        assert!(!breaker.commit_load(&at(30_003)));
        let late = at(30_004);
        assert!(breaker.commit_load(&late), "nothing was heard of it");
        breaker.after_load(&late, LoadEnd::Value);
        for millis in 30_010..30_013 {
            assert!(load(&breaker, millis, LoadEnd::Failure), "of the time before nothing is left");
        }
    }

    #[test]
    fn old_failures_count_no_more() {
        let breaker = Breaker::new(0.5, Duration::from_secs(10)).min_loads(4);
        for millis in [0, 1, 2] {
            assert!(load(&breaker, millis, LoadEnd::Failure));
        }
        for millis in [10_500, 10_501, 10_502, 10_503] {
            assert!(load(&breaker, millis, LoadEnd::Value));
        }
        assert!(load(&breaker, 10_504, LoadEnd::Failure) && load(&breaker, 10_505, LoadEnd::Value));
    }
}
