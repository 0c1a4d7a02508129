use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, bytes::Bytes},
    entry::{Stamp, Times},
    envelope::{Content, Identity, seal},
    testkit::{ManualClock, conformance},
    wrap::archived::Archived,
};

use crate::key;

const HOUR: Duration = Duration::from_secs(3600);

/// An entry that is fresh for an hour from now.
fn entry(value: &[u8], now: SystemTime) -> Vec<u8> {
    let (now, until) = (Stamp::from(now), Stamp::from(now + HOUR));
    let times =
        Times { load_began: now, created: now, fresh_until: until, keep_until: until, load_time: Duration::ZERO };
    seal(
        "json",
        &Identity { namespace: "app::fetch", key: b"a" },
        &times,
        &Content { value, arguments: None, tags: &[] },
    )
}

fn archive(store: &Archived) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let visit = &mut |scanned: cacher_core::backend::Scanned| {
        found.push(scanned.entry);
        true
    };
    store.scan_archive("app::fetch", visit).unwrap();
    found
}

#[test]
fn an_archive_keeps_the_contract() {
    let store = Bytes::new();
    conformance::run(|| Arc::new(Archived::new(store.clone())));
}

#[cfg(feature = "file")]
#[test]
fn an_archive_of_files_keeps_the_contract() {
    use cacher_core::{backend::file::Files, testkit::TempDir};
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Archived::new(Files::new(dir.path()))));
}

#[test]
fn cch_79_what_has_expired_is_moved_aside_and_what_is_fresh_is_replaced() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let store = Archived::new(Bytes::new());
    let put = |value: &[u8]| {
        let entry = entry(value, clock.time_of_day());
        store.put(&key("a"), &entry, None).unwrap();
        entry
    };
    put(b"1");
    let second = put(b"2");
    assert!(archive(&store).is_empty());
    clock.advance(HOUR);
    let third = put(b"3");
    assert_eq!((archive(&store), store.get(&key("a")).unwrap()), (vec![second.clone()], Some(third.clone())));
    clock.advance(HOUR);
    put(b"4");
    let mut both = vec![second, third];
    both.sort();
    let mut found = archive(&store);
    found.sort();
    assert_eq!((found, store.len("app::fetch").unwrap()), (both, 1));
    store.clear("app::fetch").unwrap();
    assert_eq!((archive(&store).len(), store.clear_archive("app::fetch").unwrap()), (2, 2));
}

#[test]
fn what_has_expired_is_not_swept_before_it_is_moved() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let store = Archived::new(Bytes::new());
    let now = clock.time_of_day();
    store.put(&key("a"), &entry(b"1", now), Some(now + HOUR)).unwrap();
    clock.advance(2 * HOUR);
    assert_eq!(store.sweep("app::fetch", clock.time_of_day()).unwrap(), 0);
    assert!(store.get(&key("a")).unwrap().is_some());
}
