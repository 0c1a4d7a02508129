//! Stores and formats that make trouble make what was said, and nothing else.

#![cfg(feature = "msgpack")]

use std::{sync::Arc, thread, time::Duration};

use cacher_core::{
    backend::{Backend, Key, Put, bytes::Bytes},
    direct::Cache,
    error::Kind,
    format::Format,
    testkit::{Chaos, ChaosFilter, ManualClock, Operation, Trouble, conformance},
};

/// What is there now.
fn there(chaos: &Chaos<Bytes>, number: u64) -> Option<Vec<u8>> {
    chaos.get(&key(number)).expect("it is well")
}

fn key(number: u64) -> Key {
    Key { namespace: "chaos".into(), name: number.to_string().into(), format: "msgpack" }
}

/// What becomes of a hundred entries that are put and read.
fn fates(chaos: &Chaos<Bytes>) -> Vec<Option<Vec<u8>>> {
    let put = |number: u64| chaos.put(&key(number), &[7; 20], None).is_ok();
    (0..100).map(|number| put(number).then(|| chaos.get(&key(number)).ok().flatten()).flatten()).collect()
}

#[test]
fn without_a_probability_it_is_the_store_inside() {
    let chaos = Chaos::new(Bytes::new());
    conformance::run(|| Arc::new(chaos.clone()));
    for trouble in [Trouble::Error, Trouble::Hang, Trouble::Delay, Trouble::Torn] {
        assert_eq!(chaos.total(trouble), 0);
    }
    assert!(chaos.asked(Operation::Get) > 0 && chaos.asked(Operation::Scan) > 0);
}

#[test]
fn the_same_seed_makes_the_same_trouble() {
    let of = |seed| fates(&Chaos::new(Bytes::new()).seed(seed).errors(0.2).torn(0.2));
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    let by_threads = Chaos::new(Bytes::new()).seed(1).errors(0.2).torn(0.2);
    thread::scope(|scope| {
        for first in [0, 50] {
            let chaos = &by_threads;
            scope.spawn(move || (first..first + 50).for_each(|number| drop(chaos.put(&key(number), &[7; 20], None))));
        }
    });
    let put = |chaos: &Chaos<Bytes>| (0..100).for_each(|number| drop(chaos.put(&key(number), &[7; 20], None)));
    let by_one = Chaos::new(Bytes::new()).seed(1).errors(0.2).torn(0.2);
    put(&by_one);
    by_threads.calm();
    by_one.calm();
    for number in 0..100 {
        assert_eq!(by_threads.get(&key(number)).ok(), by_one.get(&key(number)).ok(), "whoever asked when");
    }
}

#[test]
fn it_counts_what_it_did() {
    let chaos = Chaos::new(Bytes::new()).errors(0.3).chance(Operation::Get, Trouble::Torn, 0.5);
    let fates = fates(&chaos);
    let whole = fates.iter().flatten().filter(|entry| **entry == [7; 20]).count() as u64;
    let (failed, torn) = (chaos.total(Trouble::Error), chaos.count(Operation::Get, Trouble::Torn));
    assert_eq!(chaos.asked(Operation::Put), 100);
    assert!((30..70).contains(&failed) && (15..45).contains(&torn), "{failed} {torn}");
    assert_eq!(whole + torn, 100 - failed);
    assert_eq!(chaos.count(Operation::Put, Trouble::Torn), 0);
    chaos.calm();
    assert!((0..100).all(|number| chaos.get(&key(number)).is_ok()));
    assert_eq!(chaos.total(Trouble::Error), failed);
}

#[test]
fn what_fails_is_not_done_and_of_a_list_a_part_is() {
    let chaos = Chaos::new(Bytes::new()).errors(1.0);
    let error = chaos.put(&key(5000), b"entry", None).expect_err("it fails");
    assert_eq!(error.kind(), Kind::Unavailable);
    let mut parts = Vec::new();
    for first in 0..20 {
        let puts: Vec<_> = (0..10)
            .map(|number| Put { key: key(first * 100 + number), entry: b"entry".to_vec(), expires: None })
            .collect();
        chaos.put_many(&puts).expect_err("it fails");
    }
    chaos.calm();
    for first in 0..20 {
        let there = (0..10).map(|number| chaos.get(&key(first * 100 + number)).expect("it is calm").is_some());
        let there: Vec<_> = there.collect();
        assert!(there.is_sorted_by(|one, other| one >= other), "the first ones: {there:?}");
        parts.push(there.iter().filter(|there| **there).count());
    }
    assert!(parts.iter().any(|part| (1..10).contains(part)), "{parts:?}");
    assert_eq!(there(&chaos, 5000), None);
}

#[test]
fn what_hangs_goes_on_when_it_is_released() {
    let chaos = Chaos::new(Bytes::new()).chance(Operation::Put, Trouble::Hang, 1.0);
    thread::scope(|scope| {
        let puts: Vec<_> = (0..3)
            .map(|number| {
                scope.spawn({
                    let chaos = chaos.clone();
                    move || chaos.put(&key(number), b"entry", None)
                })
            })
            .collect();
        while chaos.hanging() < 3 {
            thread::yield_now();
        }
        assert_eq!(there(&chaos, 0), None);
        chaos.release();
        for put in puts {
            put.join().expect("no panic").expect("it goes on");
        }
    });
    assert_eq!(there(&chaos, 2), Some(b"entry".to_vec()));
    assert_eq!((chaos.hanging(), chaos.total(Trouble::Hang)), (0, 3));
}

#[test]
fn what_is_late_moves_the_clock_on() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let chaos = Chaos::new(Bytes::new()).delays(1.0, Duration::from_secs(2));
    let before = clock.time_of_day();
    assert_eq!(there(&chaos, 1), None);
    assert_eq!(clock.time_of_day().duration_since(before).expect("it goes on"), Duration::from_secs(2));
}

#[test]
fn no_value_of_a_torn_format_comes_back_as_another() {
    let format = Format::named("msgpack").expect("a format");
    let filter = ChaosFilter::new().errors(0.1).torn(0.3);
    let cache: Cache<u64, String> =
        Cache::builder().backend(Bytes::new()).format(format.then(filter)).build().expect("it is set up");
    let mut hits = 0;
    for key in 0..1000 {
        let value = format!("the value of {key}");
        cache.set(&key, value.clone());
        let found = cache.get(&key);
        hits += u64::from(found.is_some());
        assert!(found.is_none_or(|found| found == value));
    }
    assert!((400..700).contains(&hits), "{hits}");
    assert_eq!(cache.stats().store_errors, 1000 - hits);
}

#[cfg(feature = "async_backend")]
mod driven {
    use std::{
        collections::HashMap,
        sync::Mutex,
        time::{Duration, SystemTime},
    };

    use cacher_core::{
        backend::{Key, driven::AsyncBackend},
        direct::Cache,
        error::Result,
        testkit::{Chaos, Operation, Trouble},
    };

    #[derive(Default)]
    struct Remote(Mutex<HashMap<Key, Vec<u8>>>);

    impl AsyncBackend for Remote {
        fn describe(&self) -> String {
            "remote".into()
        }

        fn timeout(&self) -> Duration {
            Duration::from_millis(50)
        }

        async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
            Ok(self.0.lock().expect("no panic").get(key).cloned())
        }

        async fn put(&self, key: &Key, entry: &[u8], _: Option<SystemTime>) -> Result<()> {
            self.0.lock().expect("no panic").insert(key.clone(), entry.to_vec());
            Ok(())
        }

        async fn remove(&self, key: &Key) -> Result<bool> {
            Ok(self.0.lock().expect("no panic").remove(key).is_some())
        }
    }

    #[test]
    fn a_store_of_futures_fails_and_hangs_no_longer_than_its_timeout() {
        for trouble in [Trouble::Error, Trouble::Hang, Trouble::Delay, Trouble::Torn] {
            for operation in [Operation::Get, Operation::Put, Operation::Remove] {
                for probability in [0.1, 0.5, 1.0] {
                    let chaos = Chaos::new(Remote::default()).chance(operation, trouble, probability);
                    let cache: Cache<u64, u64> = Cache::builder().backend(chaos.clone()).build().expect("it is set up");
                    for call in 0..40 {
                        let key = call % 8;
                        assert_eq!(cache.get_or_load(&key, || key * 10), key * 10);
                        if call % 5 == 0 {
                            cache.delete(&key);
                        }
                    }
                    chaos.calm();
                }
            }
        }
    }
}
