//! The keys that a store has.

use std::collections::{BTreeMap, BTreeSet};

use ::cacher::backend::{Backend, bytes::Bytes};
use serde::{Deserialize, Serialize};

use super::prelude::*;
use crate::common::faults;

on_every_cache! {
    the_keys_within_their_time_are_listed: |cache: Cache<(String, u8), u64>, clock, now| {
        let key = |name: &str, number| (name.to_owned(), number);
        let in_memory = now!(cache.keys()).is_err();
        now!(cache.set(&key("a", 1), 1));
        now!(cache.set(&key("a", 2), 2));
        now!(cache.with_ttl(SECOND).set(&key("b", 1), 3));
        now!(cache.set(&key("c", 1), 4));
        now!(cache.delete(&key("c", 1)));
        clock.advance(SECOND);
        match now!(cache.keys()) {
            Ok(keys) => assert_eq!(BTreeSet::from_iter(keys), BTreeSet::from([key("a", 1), key("a", 2)])),
            Err(error) => assert!(in_memory && error.kind() == Kind::Unsupported, "{error}"),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum Place {
    Nowhere,
    City(String),
    At { x: i32, y: Option<i32> },
    Route(Box<Place>, Vec<char>),
    Index(BTreeMap<String, u128>),
    Newtype(Meters),
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Meters(u16);

#[test]
fn keys_of_any_shape_come_back() {
    let cache: Cache<Place, u8> = Cache::from_url("memory://?format=json").unwrap();
    let places = BTreeSet::from([
        Place::Nowhere,
        Place::City("Ulm".into()),
        Place::At { x: -1, y: None },
        Place::At { x: i32::MIN, y: Some(1) },
        Place::Route(Box::new(Place::City(String::new())), vec!['a', 'é']),
        Place::Index(BTreeMap::from([("a".into(), u128::MAX), ("b".into(), 0)])),
        Place::Newtype(Meters(3)),
    ]);
    assert_eq!(cache.set_many(places.iter().map(|place| (place, 1))), 7);
    assert_eq!(BTreeSet::from_iter(cache.keys().unwrap()), places);
}

/// The same entries under another type of key.
#[test]
fn a_key_that_cannot_be_read_is_reported_and_left_out() {
    let faults = faults("walked");
    let store = Bytes::new();
    let texts: Cache<String, u8> = Cache::builder().name("walked").backend(store.clone()).build().unwrap();
    texts.set("a", 1);
    drop(texts);
    let numbers: Cache<u8, u8> = Cache::builder().name("walked").backend(store.clone()).build().unwrap();
    numbers.set(&7, 1);
    assert_eq!(numbers.keys().unwrap(), [7]);
    assert_eq!((faults().len(), faults()[0].error.kind(), store.len("walked").unwrap()), (1, Kind::Damaged, 2));
}
