//! The end of a process: what waits in the background is written. Alone in its process, because it closes all queues.
#![allow(clippy::unwrap_used, reason = "in what the tests share too")]

use cacher_core::{
    backend::{Backend, Key, bytes::Bytes},
    testkit::ManualClock,
    wrap::background::{Background, Backgrounded, Guard, shutdown},
};

#[test]
fn cch_52_a_shutdown_writes_all_that_waits_anywhere() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let key = Key { namespace: "app::fetch".into(), name: "a".into(), format: "json" };
    let inner = [Bytes::new(), Bytes::new()];
    let stores = inner.each_ref().map(|inner| Backgrounded::with(inner.clone(), Background::new()));
    let stored = || inner.each_ref().map(|inner| inner.get(&key).unwrap());
    stores.iter().for_each(|store| store.put(&key, b"1", None).unwrap());
    assert_eq!(stored(), [None, None]);
    drop(Guard::new());
    assert_eq!(stored(), [Some(b"1".to_vec()), Some(b"1".to_vec())]);
    stores.iter().for_each(|store| store.put(&key, b"2", None).unwrap());
    assert_eq!(stored(), [Some(b"2".to_vec()), Some(b"2".to_vec())]);
    shutdown().unwrap();
}
