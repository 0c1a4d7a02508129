//! A circuit breaker: a store that fails is left alone for a while, then tried by one call.
//!
//! The states are those of M. Nygard, "Release It!" (2007): closed, open, half open.

use std::time::Duration;

use crate::time::Tick;

/// When a store is left alone.
///
/// The default is: of at least 5 operations within 10 s half or more failed; then for 1 s, twice as long after each
/// failed trial, up to 30 s.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Breaker {
    /// The part of the operations that must have failed, from 0 to 1.
    pub ratio: f64,
    /// Over which time they are counted.
    pub window: Duration,
    /// How many there must be at least.
    pub least: u32,
    /// How long it is left alone at first.
    pub pause: Duration,
    /// How long at most.
    pub longest: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            ratio: 0.5,
            window: Duration::from_secs(10),
            least: 5,
            pause: Duration::from_secs(1),
            longest: Duration::from_secs(30),
        }
    }
}

/// How an operation may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Normal,
    /// It tries whether the store works again.
    Trial,
}

#[derive(Debug, Default)]
pub(super) struct Circuit {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Closed(Count),
    Open {
        until: Tick,
        times: u32,
    },
    HalfOpen {
        times: u32,
    },
}

#[derive(Clone, Copy, Debug)]
struct Count {
    since: Tick,
    all: u32,
    failed: u32,
}

impl Circuit {
    /// Whether the store may be asked now.
    pub(super) fn ask(&mut self, now: Tick) -> Option<Pass> {
        match self.state {
            State::Idle | State::Closed(_) => Some(Pass::Normal),
            State::Open { until, times } if now >= until => {
                self.state = State::HalfOpen { times };
                Some(Pass::Trial)
            }
            State::Open { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// What became of an operation that was let through.
    pub(super) fn note(&mut self, rule: &Breaker, now: Tick, pass: Pass, worked: bool) {
        match (&mut self.state, pass) {
            (State::HalfOpen { .. }, Pass::Trial) if worked => self.state = State::Idle,
            (State::HalfOpen { times }, Pass::Trial) => {
                let times = times.saturating_add(1);
                self.state = State::Open { until: now.after(rule.pause_after(times)), times };
            }
            (State::Idle, _) => self.state = State::count(rule, Count::new(now), now, worked),
            (State::Closed(count), _) => {
                let over = now.since(count.since) > rule.window;
                let count = if over { Count::new(now) } else { *count };
                self.state = State::count(rule, count, now, worked);
            }
            // It began before the store was left alone.
            (State::Open { .. } | State::HalfOpen { .. }, _) => {}
        }
    }
}

impl State {
    /// Counts an operation, which may have been one failure too many.
    fn count(rule: &Breaker, mut count: Count, now: Tick, worked: bool) -> Self {
        count.all = count.all.saturating_add(1);
        count.failed = count.failed.saturating_add(u32::from(!worked));
        let failing = f64::from(count.failed) >= f64::from(count.all) * rule.ratio;
        if !worked && count.all >= rule.least && failing {
            Self::Open { until: now.after(rule.pause), times: 0 }
        } else {
            Self::Closed(count)
        }
    }
}

impl Count {
    const fn new(since: Tick) -> Self {
        Self { since, all: 0, failed: 0 }
    }
}

impl Breaker {
    /// How long the store is left alone after so many failed trials.
    fn pause_after(&self, trials: u32) -> Duration {
        self.pause.saturating_mul(2_u32.saturating_pow(trials)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: fn() -> Breaker = Breaker::default;

    fn at(seconds: u64) -> Tick {
        Tick(0).after(Duration::from_secs(seconds))
    }

    fn failed(times: u32) -> Circuit {
        let mut circuit = Circuit::default();
        for _ in 0..times {
            circuit.note(&RULE(), at(0), Pass::Normal, false);
        }
        circuit
    }

    #[test]
    fn few_failures_are_borne() {
        assert_eq!(failed(4).ask(at(0)), Some(Pass::Normal));
        assert_eq!(failed(5).ask(at(0)), None);
    }

    #[test]
    fn a_store_that_mostly_works_is_asked() {
        let mut circuit = Circuit::default();
        for turn in 0..100 {
            circuit.note(&RULE(), at(0), Pass::Normal, turn % 5 < 3);
            assert_eq!(circuit.ask(at(0)), Some(Pass::Normal));
        }
    }

    #[test]
    fn failures_are_forgotten_with_their_window() {
        let mut circuit = failed(4);
        circuit.note(&RULE(), at(11), Pass::Normal, false);
        assert_eq!(circuit.ask(at(11)), Some(Pass::Normal));
    }

    #[test]
    fn one_call_tries_and_its_success_closes() {
        let mut circuit = failed(5);
        assert_eq!(circuit.ask(at(1)), Some(Pass::Trial));
        assert_eq!(circuit.ask(at(1)), None, "one is enough");
        circuit.note(&RULE(), at(1), Pass::Normal, true);
        assert_eq!(circuit.ask(at(1)), None, "what began before says nothing");
        circuit.note(&RULE(), at(1), Pass::Trial, true);
        assert_eq!(circuit.ask(at(1)), Some(Pass::Normal));
    }

    #[test]
    fn failed_trials_come_ever_later() {
        let mut circuit = failed(5);
        let mut now = 1;
        for pause in [2, 4, 8, 16, 30, 30] {
            assert_eq!(circuit.ask(at(now)), Some(Pass::Trial));
            circuit.note(&RULE(), at(now), Pass::Trial, false);
            assert_eq!(circuit.ask(at(now + pause - 1)), None);
            now += pause;
        }
    }
}
