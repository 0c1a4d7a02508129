use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use cacher_core::{
    backend::{Backend, Key, bytes::Bytes},
    fault::{Fault, on_fault},
    testkit::{ManualClock, conformance},
    wrap::background::{Background, Backgrounded, WhenFull},
};

use crate::{key, watched::Watched};

const INTERVAL: Duration = Duration::from_secs(1);

fn options() -> Background {
    Background::new().interval(INTERVAL)
}

fn put(store: &Backgrounded, name: &str, entry: &str) {
    store.put(&key(name), entry.as_bytes(), None).unwrap();
}

fn get(store: &Backgrounded, name: &str) -> Option<String> {
    store.get(&key(name)).unwrap().map(|entry| String::from_utf8(entry).unwrap())
}

/// Waits until `reached` holds.
fn until(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < Duration::from_secs(20), "never reached");
        thread::yield_now();
    }
}

/// The faults of a namespace. There is one hook for the process, so the tests share it.
fn faults(namespace: &'static str) -> impl Fn() -> usize {
    static ALL: Mutex<Vec<Fault>> = Mutex::new(Vec::new());
    on_fault(|fault| ALL.lock().unwrap().push(fault.clone()));
    move || ALL.lock().unwrap().iter().filter(|fault| *fault.cache == *namespace).count()
}

fn keeps_the_contract(options: Background) {
    let store = Backgrounded::with(Bytes::new(), options);
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn writes_in_the_background_keep_the_contract() {
    keeps_the_contract(Background::new());
}

#[test]
fn a_short_queue_keeps_the_contract_when_it_is_full() {
    for when_full in [WhenFull::WriteThrough, WhenFull::Block] {
        keeps_the_contract(Background::new().capacity(3).batch(2).when_full(when_full));
    }
}

#[cfg(feature = "file")]
#[test]
fn files_in_the_background_keep_the_contract() {
    use cacher_core::{
        backend::{Cost, file::Files},
        testkit::TempDir,
    };
    let dir = TempDir::new();
    let store = Backgrounded::new(Files::new(dir.path()));
    conformance::run(|| Arc::new(store.clone()));
    assert_eq!(store.cost(), Cost::Blocking);
}

#[test]
fn cch_49_a_put_returns_before_the_store_has_it_and_is_there_after_a_flush() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options());
    ["a", "b", "c"].iter().for_each(|name| put(&store, name, "first"));
    put(&store, "b", "second");
    assert_eq!((inner.log().len(), store.waiting()), (0, 3));
    store.flush().unwrap();
    assert_eq!(inner.log(), ["put_many a b c"]);
    let stored = ["a", "b", "c"].map(|name| inner.stored(&key(name)));
    assert_eq!(stored.map(Option::unwrap), ["first", "second", "first"]);
}

#[test]
fn what_was_put_is_found_at_once_also_after_a_removal() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options());
    inner.put(&key("a"), b"older", None).unwrap();
    put(&store, "a", "newer");
    assert_eq!((get(&store, "a").as_deref(), inner.stored(&key("a")).as_deref()), (Some("newer"), Some("older")));
    assert_eq!(store.get_many(&[key("a"), key("b")]).unwrap(), [Some(b"newer".to_vec()), None]);
    assert!(store.remove(&key("a")).unwrap());
    assert_eq!((get(&store, "a"), inner.stored(&key("a"))), (None, None));
    put(&store, "a", "newest");
    assert_eq!(get(&store, "a").as_deref(), Some("newest"));
    store.flush().unwrap();
    assert_eq!(inner.stored(&key("a")).as_deref(), Some("newest"));
}

#[test]
fn cch_53_a_part_of_a_batch_is_written_when_the_interval_is_over() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options().batch(3));
    put(&store, "a", "1");
    put(&store, "b", "2");
    clock.advance(INTERVAL / 2);
    assert_eq!(inner.log().len(), 0);
    clock.advance(INTERVAL / 2);
    assert_eq!(inner.log(), ["put_many a b"]);
    ["c", "d", "e"].iter().for_each(|name| put(&store, name, "3"));
    until(|| inner.stored(&key("e")).is_some());
    assert_eq!(inner.log()[1..], ["put_many c d e"]);
    put(&store, "f", "4");
    store.close().unwrap();
    assert_eq!(inner.log()[2..], ["put_many f"]);
    put(&store, "g", "5");
    assert_eq!(inner.log()[3..], ["put g"]);
}

#[test]
fn cch_50_with_a_full_queue_the_write_goes_through_and_none_is_lost() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options().capacity(2));
    ["a", "b", "c"].iter().for_each(|name| put(&store, name, "1"));
    assert_eq!((inner.log(), store.waiting()), (vec!["put c".to_owned()], 2));
    put(&store, "a", "2");
    assert_eq!(inner.log().len(), 1);
    store.flush().unwrap();
    assert_eq!(["a", "b", "c"].map(|name| inner.stored(&key(name)).unwrap()), ["2", "1", "1"]);
}

#[test]
fn a_full_queue_that_blocks_makes_room_itself() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options().capacity(2).when_full(WhenFull::Block));
    ["a", "b", "c"].iter().for_each(|name| put(&store, name, "1"));
    assert_eq!((inner.log(), store.waiting()), (vec!["put_many a b".to_owned()], 1));
}

#[test]
fn a_full_queue_that_blocks_waits_for_who_writes() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options().capacity(2).batch(1).when_full(WhenFull::Block));
    inner.hold();
    put(&store, "a", "1");
    until(|| inner.log().len() == 1);
    ["b", "c"].iter().for_each(|name| put(&store, name, "1"));
    let other = store.clone();
    let blocked = thread::spawn(move || put(&other, "d", "1"));
    assert_eq!((blocked.is_finished(), get(&store, "d")), (false, None));
    inner.release();
    blocked.join().unwrap();
    store.flush().unwrap();
    assert!(["a", "b", "c", "d"].iter().all(|name| inner.stored(&key(name)).is_some()));
}

#[test]
fn the_oldest_write_is_dropped_if_that_is_wished_and_nothing_older_stays() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let own = |name: &str| Key { namespace: "background::dropped".into(), ..key(name) };
    let faults = faults("background::dropped");
    inner.put(&own("a"), b"older", None).unwrap();
    let store = Backgrounded::with(inner.clone(), options().capacity(2).when_full(WhenFull::DropOldest));
    ["a", "b", "c"].iter().for_each(|name| store.put(&own(name), b"1", None).unwrap());
    assert_eq!((store.get(&own("a")).unwrap(), faults()), (None, 1));
    let lost = store.flush().unwrap_err();
    assert_eq!(lost.entries, 1);
    assert!(lost.to_string().starts_with("1 entry was not stored: "), "{lost}");
    assert_eq!(["a", "b", "c"].map(|name| inner.stored(&own(name)).is_some()), [false, true, true]);
    store.flush().unwrap();
}

#[test]
fn a_removal_waits_for_what_is_being_written() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options());
    put(&store, "a", "1");
    inner.hold();
    let others = [store.clone(), store.clone()];
    let [flushed, removed] = others;
    let flushed = thread::spawn(move || flushed.flush());
    until(|| inner.log().len() == 1);
    let removed = thread::spawn(move || removed.remove(&key("a")).unwrap());
    assert_eq!(get(&store, "a").as_deref(), Some("1"));
    assert!(!removed.is_finished());
    inner.release();
    assert!(removed.join().unwrap());
    flushed.join().unwrap().unwrap();
    assert_eq!((inner.log(), inner.stored(&key("a"))), (vec!["put_many a".into(), "remove a".into()], None));
}

#[test]
fn cch_52_a_clearing_drops_what_waits() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options());
    let other = Key { namespace: "app::other".into(), ..key("a") };
    ["a", "b"].iter().for_each(|name| put(&store, name, "1"));
    store.flush().unwrap();
    ["b", "c"].iter().for_each(|name| put(&store, name, "2"));
    store.put(&other, b"other", None).unwrap();
    assert_eq!(store.clear("app::fetch").unwrap(), 3);
    store.flush().unwrap();
    assert_eq!(inner.log()[1..], ["clear", "put_many a"]);
    assert_eq!(["a", "b", "c"].map(|name| inner.stored(&key(name))), [None, None, None]);
    assert!(inner.stored(&other).is_some());
}

#[test]
fn an_entry_that_the_store_refuses_is_a_fault_and_nothing_older_stays() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let own = |name: &str| Key { namespace: "background::refused".into(), ..key(name) };
    let faults = faults("background::refused");
    let store = Backgrounded::with(inner.clone(), options());
    inner.put(&own("a"), b"older", None).unwrap();
    inner.refuse_puts(true);
    ["a", "b"].iter().for_each(|name| store.put(&own(name), b"newer", None).unwrap());
    clock.advance(INTERVAL);
    assert_eq!((faults(), inner.stored(&own("a")), store.waiting()), (2, None, 0));
    let lost = store.flush().unwrap_err();
    assert_eq!(lost.to_string(), "2 entries were not stored: out of order");
}

#[test]
fn a_removal_that_the_store_refuses_is_tried_again_and_hides_the_older_entry() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options());
    inner.put(&key("a"), b"older", None).unwrap();
    inner.refuse_puts(true);
    inner.refuse_removals(true);
    put(&store, "a", "newer");
    clock.advance(INTERVAL);
    assert_eq!((get(&store, "a"), inner.stored(&key("a")).as_deref(), store.waiting()), (None, Some("older"), 1));
    assert!(store.remove(&key("a")).is_err());
    assert_eq!((get(&store, "a"), store.waiting()), (None, 1));
    put(&store, "b", "1");
    inner.refuse_removals(false);
    clock.advance(INTERVAL);
    assert_eq!(store.waiting(), 0);
    assert_eq!(inner.log().into_iter().rev().take(2).collect::<Vec<_>>(), ["remove b", "remove a"]);
}

#[test]
fn what_waits_is_written_when_the_last_handle_goes() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let inner = Watched::new();
    let store = Backgrounded::with(inner.clone(), options());
    put(&store, "a", "1");
    drop(store);
    assert_eq!(inner.stored(&key("a")).as_deref(), Some("1"));
}

#[test]
fn the_last_of_many_writes_of_a_key_is_what_stays() {
    let inner = Bytes::new();
    let store = Backgrounded::with(inner.clone(), Background::new().batch(1).capacity(4));
    for round in 0..200_u32 {
        for name in ["a", "b", "c", "d", "e", "f"] {
            store.put(&key(name), &round.to_be_bytes(), None).unwrap();
            assert_eq!(store.get(&key(name)).unwrap().as_deref(), Some(&round.to_be_bytes()[..]));
        }
    }
    store.flush().unwrap();
    for name in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(inner.get(&key(name)).unwrap().as_deref(), Some(&199_u32.to_be_bytes()[..]));
    }
}

/// Any sequence of operations, at any time, looks like one on a map; and so does the store in the end.
#[test]
fn what_is_done_looks_as_if_it_were_done_at_once() {
    use proptest::{prelude::*, test_runner::TestRunner};

    #[derive(Clone, Debug)]
    enum Act {
        Put(u8, u8),
        Remove(u8),
        PutIfAbsent(u8, u8),
        Touch(u8),
        Clear,
        Flush,
        Advance,
        Refuse(bool),
    }
    let act = prop_oneof![
        6 => (0..6_u8, any::<u8>()).prop_map(|(key, value)| Act::Put(key, value)),
        3 => (0..6_u8).prop_map(Act::Remove),
        1 => (0..6_u8, any::<u8>()).prop_map(|(key, value)| Act::PutIfAbsent(key, value)),
        1 => (0..6_u8).prop_map(Act::Touch),
        1 => Just(Act::Clear),
        1 => Just(Act::Flush),
        2 => Just(Act::Advance),
        1 => any::<bool>().prop_map(Act::Refuse),
    ];
    let policies = prop_oneof![Just(WhenFull::WriteThrough), Just(WhenFull::Block), Just(WhenFull::DropOldest)];
    let name = |number: u8| key(&number.to_string());
    let run = |(when_full, acts): (WhenFull, Vec<Act>)| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let inner = Watched::new();
        let store = Backgrounded::with(inner.clone(), options().capacity(3).when_full(when_full));
        // What was put last, of which nothing older may be found; it may be lost, if the store or the queue refuses it.
        let mut map = [None; 6];
        let mut may_lose = when_full == WhenFull::DropOldest;
        for act in acts {
            match act {
                Act::Put(key, value) => {
                    let put = store.put(&name(key), &[value], None);
                    map[usize::from(key)] = put.ok().map(|()| value);
                }
                Act::Remove(key) => {
                    let removed = store.remove(&name(key)).unwrap();
                    prop_assert!(may_lose || removed == map[usize::from(key)].is_some());
                    map[usize::from(key)] = None;
                }
                Act::PutIfAbsent(key, value) if !may_lose => {
                    let put = store.put_if_absent(&name(key), &[value], None).unwrap();
                    prop_assert_eq!(put, map[usize::from(key)].is_none());
                    map[usize::from(key)].get_or_insert(value);
                }
                Act::Touch(key) if !may_lose => {
                    prop_assert_eq!(store.touch(&name(key), None).unwrap(), map[usize::from(key)].is_some());
                }
                Act::Clear => {
                    store.clear("app::fetch").unwrap();
                    map = [None; 6];
                }
                Act::Flush => drop(store.flush()),
                Act::Advance => clock.advance(INTERVAL),
                Act::Refuse(refuse) => {
                    inner.refuse_puts(refuse);
                    may_lose |= refuse;
                }
                Act::PutIfAbsent(..) | Act::Touch(_) => {}
            }
            for (key, value) in (0..).zip(map) {
                let found = store.get(&name(key)).unwrap();
                let lost = may_lose && found.is_none();
                prop_assert!(lost || found == value.map(|value| vec![value]), "{key}: {found:?}, not {value:?}");
            }
        }
        drop(store.close());
        for (key, value) in (0..).zip(map) {
            let found = inner.get(&name(key)).unwrap();
            let lost = may_lose && found.is_none();
            prop_assert!(
                lost || found == value.map(|value| vec![value]),
                "{key}: {found:?}, not {value:?} in the store"
            );
        }
        Ok(())
    };
    TestRunner::default().run(&(policies, prop::collection::vec(act, 1..40)), run).unwrap();
}
