//! Different keys have different bytes, of which none begin others; any bytes are a key of a type, or are none.
#![no_main]

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hash,
};

use arbitrary::Arbitrary;
use cacher_core::{
    backend::{Backend, Key, bytes::Bytes},
    direct::Cache,
    envelope::{Content, Identity, inspect, seal},
    key::encode::{AsSet, encode},
};
use cacher_fuzz::TIMES;
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Two(Box<(Value, Value)>),
    Bytes(&'a [u8]),
}

/// Of each kind that an encoder is told of; floats are their bits.
#[derive(Arbitrary, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Value {
    Unit,
    Bool(bool),
    Char(char),
    U8(u8),
    U64(u64),
    U128(u128),
    I64(i64),
    #[serde(serialize_with = "of_bits")]
    F64(u64),
    Str(String),
    #[serde(serialize_with = "as_bytes")]
    Bytes(Vec<u8>),
    Option(Option<Box<Value>>),
    Pair(Box<Value>, Box<Value>),
    Fields {
        one: Box<Value>,
        other: Box<Value>,
    },
    Seq(Vec<Value>),
    Map(BTreeMap<Value, Value>),
    #[serde(serialize_with = "as_set")]
    Set(BTreeSet<Value>),
}

fn of_bits<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from_bits(*bits))
}

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn as_set<S: Serializer>(set: &BTreeSet<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    AsSet(set).serialize(serializer)
}

/// A key with what keys consist of, by whose type bytes are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Shape {
    Unit,
    One(Option<Box<Shape>>),
    Pair(i64, String),
    Fields { list: Vec<Shape>, map: BTreeMap<u8, char> },
}

thread_local! {
    static STORE: Bytes = Bytes::new();
    static SHAPES: Keys<Shape> = Keys::new("shapes", Shape::Unit);
    static TEXTS: Keys<(String, u128, Option<bool>)> = Keys::new("texts", (String::new(), 0, None));
    static ADDRESSES: Keys<(std::net::IpAddr, Vec<i8>)> = Keys::new("addresses", ([127, 0, 0, 1].into(), Vec::new()));
}

/// A cache whose only entry is under any bytes.
struct Keys<K: Hash + Eq + Clone + Send + Sync + 'static> {
    cache: Cache<K, u8>,
    store: Bytes,
    name: &'static str,
    /// What follows a key.
    suffix: Vec<u8>,
}

impl<K: Hash + Eq + Clone + Send + Sync + Serialize + DeserializeOwned + PartialEq + 'static> Keys<K> {
    fn new(name: &'static str, sample: K) -> Self {
        let store = STORE.with(Bytes::clone);
        let cache = Cache::builder().name(name).backend(store.clone()).build().expect("built");
        assert!(cache.set(&sample, 1));
        let mut entry = Vec::new();
        store
            .scan(name, &mut |found| {
                entry = found.entry;
                false
            })
            .expect("scan");
        let written = inspect(&entry).expect("an entry").key;
        let suffix = written.strip_prefix(&encode(&(&sample,)).expect("encoded")[..]).expect("a key").to_vec();
        store.clear(name).expect("clear");
        Self { cache, store, name, suffix }
    }

    fn read(&self, bytes: &[u8]) {
        let identity = [bytes, &self.suffix].concat();
        let identity = Identity { namespace: self.name, key: &identity };
        let entry = seal("msgpack", &identity, &TIMES, &Content { value: &[1], arguments: None, tags: &[] });
        let at = Key { namespace: self.name.into(), name: "a".into(), format: "msgpack" };
        self.store.put(&at, &entry, None).expect("put");
        for key in self.cache.keys().expect("keys") {
            let again = encode(&(&key,)).expect("encoded");
            if again != bytes {
                self.read(&again);
            }
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Two(two) => {
            let (Ok(one), Ok(other)) = (encode(&two.0), encode(&two.1)) else { return };
            assert_eq!(two.0 == two.1, one == other);
            assert!(one == other || !(one.starts_with(&other) || other.starts_with(&one)));
        }
        Input::Bytes(bytes) => {
            SHAPES.with(|keys| keys.read(bytes));
            TEXTS.with(|keys| keys.read(bytes));
            ADDRESSES.with(|keys| keys.read(bytes));
        }
    }
});
