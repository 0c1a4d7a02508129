//! The end of a process: what waits in the background is written. Alone in its process, because it closes all queues.
#![allow(
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Key, bytes::Bytes},
    error::Result,
    testkit::ManualClock,
    wrap::background::{Background, Backgrounded, Guard, shutdown, shutdown_within},
};

/// Longer than the clock of the test is moved.
const YEARS: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A store whose writes wait until nobody holds the lock.
struct Hanging(Arc<Mutex<()>>);

impl Backend for Hanging {
    fn describe(&self) -> String {
        "hanging".into()
    }

    fn get(&self, _key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn put(&self, _key: &Key, _entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    fn remove(&self, _key: &Key) -> Result<bool> {
        Ok(false)
    }
}

#[test]
fn cch_52_a_shutdown_writes_all_that_waits_anywhere_and_returns_in_time() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let key = Key { namespace: "app::fetch".into(), name: "a".into(), format: "json" };
    let inner = [Bytes::new(), Bytes::new()];
    let stores = inner.each_ref().map(|inner| Backgrounded::with(inner.clone(), Background::new()));
    let written = || inner.each_ref().map(|inner| inner.get(&key).unwrap());
    stores.iter().for_each(|store| store.put(&key, b"1", None).unwrap());
    assert_eq!(written(), [None, None]);
    drop(Guard::new());
    assert_eq!(written(), [Some(b"1".to_vec()), Some(b"1".to_vec())]);
    stores.iter().for_each(|store| store.put(&key, b"2", None).unwrap());
    assert_eq!(written(), [Some(b"2".to_vec()), Some(b"2".to_vec())]);
    shutdown().unwrap();

    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().unwrap();
    let hanging = Backgrounded::with(Hanging(Arc::clone(&gate)), Background::new().interval(YEARS));
    hanging.put(&key, b"1", None).unwrap();
    let other = Arc::clone(&clock);
    let ended = thread::spawn(move || {
        let _in_force = other.enter();
        shutdown_within(Duration::from_secs(5))
    });
    while !ended.is_finished() {
        clock.advance(Duration::from_secs(1));
        thread::yield_now();
    }
    assert_eq!(ended.join().unwrap().unwrap_err().entries, 1);
    drop(held);
    shutdown_within(Duration::from_secs(5)).unwrap();
}
