//! The source that the functions read: it is up, stalls, fails, and is up again.

use std::cell::RefCell;

use crate::time::{now, sleep};

/// How the source behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    Up,
    Stalls,
    Fails,
    Recovered,
}

/// When the first phase begins, in milliseconds. What comes before warms the cache, and is not shown.
pub(crate) const START: u64 = 5_000;

/// How long each phase is, in milliseconds.
pub(crate) const PHASE: u64 = 20_000;

/// How long a read takes, in milliseconds, while the source is up and while it stalls.
const UP: u64 = 20;
const STALLED: u64 = 2_000;

impl Phase {
    pub(crate) const ALL: [Self; 4] = [Self::Up, Self::Stalls, Self::Fails, Self::Recovered];

    /// How the source behaves at a time.
    pub(crate) fn at(millis: u64) -> Self {
        match millis.saturating_sub(START) / PHASE {
            0 => Self::Up,
            1 => Self::Stalls,
            2 => Self::Fails,
            _ => Self::Recovered,
        }
    }

    /// Whether a time is in the phase.
    pub(crate) fn contains(self, millis: u64) -> bool {
        millis >= START && Self::at(millis) == self
    }

    /// What happens in it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Up => "up: 20 ms a read",
            Self::Stalls => "stalls: 2 s a read",
            Self::Fails => "fails at once",
            Self::Recovered => "up again: 20 ms",
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// The source has failed.
    Source,
    /// The cache has an error of its own: the body takes too long, or may not run.
    Cache,
}

impl From<cacher::Error> for Failure {
    fn from(_: cacher::Error) -> Self {
        Self::Cache
    }
}

/// When the value was read, in milliseconds.
pub(crate) type Answer = Result<u64, Failure>;

thread_local! {
    static READS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Asks the source for one of its items, which are all alike.
pub(crate) async fn read(_key: u64) -> Answer {
    READS.with_borrow_mut(|reads| reads.push(now()));
    match Phase::at(now()) {
        Phase::Up | Phase::Recovered => sleep(UP).await,
        Phase::Stalls => sleep(STALLED).await,
        Phase::Fails => return Err(Failure::Source),
    }
    Ok(now())
}

/// When the source was asked since this was called last.
pub(crate) fn take_reads() -> Vec<u64> {
    READS.take()
}
