//! What bodies read: values that say what they are of, and when they were made.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::UNIX_EPOCH,
};

use cacher::testing::ManualClock;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) key: u64,
    /// Which value of all it is.
    pub(crate) number: u64,
    /// When it was made, in milliseconds of the time of day.
    pub(crate) at: u64,
    text: String,
}

/// The error of a source that is down, or one of the cache, which nobody should see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Down,
    Cache(String),
}

impl From<cacher::Error> for Failure {
    fn from(error: cacher::Error) -> Self {
        Self::Cache(error.to_string())
    }
}

#[derive(Default)]
pub(crate) struct Source {
    clock: OnceLock<Arc<ManualClock>>,
    values: Mutex<Vec<Value>>,
    down: AtomicBool,
}

impl Source {
    pub(crate) const fn new() -> Self {
        Self { clock: OnceLock::new(), values: Mutex::new(Vec::new()), down: AtomicBool::new(false) }
    }

    pub(crate) fn at(&self, clock: &Arc<ManualClock>) {
        self.clock.set(Arc::clone(clock)).unwrap();
    }

    pub(crate) fn load(&self, key: u64) -> Result<Value, Failure> {
        if self.is_down() { Err(Failure::Down) } else { Ok(self.make(key)) }
    }

    pub(crate) fn make(&self, key: u64) -> Value {
        let at = now(self.clock.get().unwrap());
        let mut values = self.values.lock().unwrap();
        let number = values.len() as u64;
        let value = Value { key, number, at, text: format!("the {number}th value, of {key}, made at {at}") };
        values.push(value.clone());
        value
    }

    pub(crate) fn made(&self, value: &Value) -> bool {
        self.values.lock().unwrap().get(usize::try_from(value.number).unwrap()) == Some(value)
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> u64 {
        self.values.lock().unwrap().len() as u64
    }

    pub(crate) fn is_down(&self) -> bool {
        self.down.load(SeqCst)
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, SeqCst);
    }
}

/// In milliseconds of the time of day.
pub(crate) fn now(clock: &ManualClock) -> u64 {
    u64::try_from(clock.time_of_day().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
