//! What bodies read, as a walk says.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{Kind, testing::ManualClock};

pub(crate) type Answer = Result<Option<u64>, Failure>;

/// An error of a source, which is numbered as values are, or of the cache.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Down(u64),
    /// One that would come again.
    Lasting(u64),
    Cache(Kind),
}

impl From<cacher::Error> for Failure {
    fn from(error: cacher::Error) -> Self {
        Self::Cache(error.kind())
    }
}

pub(crate) fn lasts(failure: &Failure) -> bool {
    matches!(failure, Failure::Lasting(_))
}

/// Which values are kept.
#[expect(clippy::ref_option, reason = "conditions are given a reference")]
pub(crate) fn keeps(value: &Option<u64>) -> bool {
    value.is_none_or(|value| !value.is_multiple_of(5))
}

/// How the source behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Up,
    /// It has nothing.
    Empty,
    Down,
    /// It fails in a way that lasts.
    Lasting,
    /// It panics.
    Broken,
}

/// With what a broken source panics.
pub(crate) const BROKEN: &str = "the source is broken";

#[derive(Debug)]
pub(crate) struct Source {
    clock: OnceLock<Arc<ManualClock>>,
    reads: AtomicU64,
    /// And how long a read takes, in milliseconds.
    mode: Mutex<(Mode, u64)>,
}

impl Source {
    pub(crate) const fn new() -> Self {
        Self { clock: OnceLock::new(), reads: AtomicU64::new(0), mode: Mutex::new((Mode::Up, 0)) }
    }

    pub(crate) fn at(&self, clock: &Arc<ManualClock>) {
        self.clock.set(Arc::clone(clock)).unwrap();
    }

    pub(crate) fn is(&self, mode: Mode, takes: u64) {
        *self.mode.lock().unwrap() = (mode, takes);
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(SeqCst)
    }

    pub(crate) fn read(&self) -> Answer {
        let (mode, takes) = *self.mode.lock().unwrap();
        let number = self.reads.fetch_add(1, SeqCst) + 1;
        if takes > 0 {
            self.clock.get().unwrap().advance(Duration::from_millis(takes));
        }
        assert!(mode != Mode::Broken, "{BROKEN}");
        of(mode, number)
    }
}

/// What the read of this number gives.
pub(crate) fn of(mode: Mode, number: u64) -> Answer {
    match mode {
        Mode::Up | Mode::Broken => Ok(Some(number)),
        Mode::Empty => Ok(None),
        Mode::Down => Err(Failure::Down(number)),
        Mode::Lasting => Err(Failure::Lasting(number)),
    }
}
