//! A source that a test makes fail.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// What a body reads from. Each read gives another number.
#[derive(Debug, Default)]
pub(crate) struct Source {
    reads: AtomicU64,
    state: Mutex<State>,
}

/// How a source behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum State {
    #[default]
    Up,
    Down,
    Broken,
}

impl Source {
    pub(crate) fn is(&self, state: State) {
        *self.state.lock().unwrap() = state;
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(SeqCst)
    }

    /// 1 for the first read, 2 for the second.
    pub(crate) fn read(&self) -> Result<u64, Failure> {
        let read = self.reads.fetch_add(1, SeqCst) + 1;
        let state = *self.state.lock().unwrap();
        match state {
            State::Up => Ok(read),
            State::Down => Err(Failure::Down),
            State::Broken => panic!("broken"),
        }
    }
}

/// An error of a body, or of the cache.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Down,
    Cache(cacher::Kind),
}

impl From<cacher::Error> for Failure {
    fn from(error: cacher::Error) -> Self {
        Self::Cache(error.kind())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
