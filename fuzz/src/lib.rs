//! What the targets share: chains, values of the kinds that chains take, and one identity.

use std::{collections::BTreeMap, time::Duration};

use arbitrary::Arbitrary;
use cacher_core::{
    entry::{Stamp, Times},
    envelope::Identity,
    format::Format,
    secret::set_secret_key,
};
use serde::{Deserialize, Serialize};

/// Every maker of bytes and every filter. The bound keeps what a few bytes swell to within the fuzzer's memory.
pub const CHAINS: [&str; 14] = [
    "json",
    "msgpack",
    "postcard",
    "raw",
    "npy",
    "json+bare",
    "json+zlib?max=1MiB",
    "msgpack+zstd?max=1MiB",
    "postcard+lz4?max=1MiB",
    "raw+zlib?max=1MiB",
    "npy+zstd?max=1MiB",
    "raw+lz4?max=1MiB",
    "json+encrypt",
    "msgpack+zstd?max=1MiB+encrypt?per_key=true",
];

/// The chain at a place, whatever the number.
#[must_use]
pub fn chain(at: u8) -> Format {
    set_secret_key([7; 32]).expect("one key");
    Format::named(CHAINS[usize::from(at) % CHAINS.len()]).expect("a format")
}

/// Whose the entries are.
pub const IDENTITY: Identity<'static> = Identity { namespace: "app::fetch", key: b"\n1" };

/// When they were stored.
pub const TIMES: Times = Times {
    load_began: Stamp(1_795_201_839_870),
    created: Stamp(1_795_201_840_123),
    fresh_until: Stamp(1_795_205_440_123),
    keep_until: Stamp::NEVER,
    load_time: Duration::from_micros(252_816),
};

/// A value with what values consist of.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    pub id: u64,
    pub balance: i64,
    pub title: String,
    pub tags: Vec<Option<String>>,
    pub kind: Kind,
    pub counts: BTreeMap<String, u32>,
    pub parent: Option<Box<Post>>,
}

/// A variant of each shape.
#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    Draft,
    Wrapped(bool),
    Pair(char, u8),
    Fields { at: i32, by: (u16, i8) },
}

impl Post {
    /// One that says something in each place.
    #[must_use]
    pub fn sample() -> Self {
        let parent = Self {
            id: 1,
            balance: -7,
            title: "\"é\"\n".into(),
            tags: Vec::new(),
            kind: Kind::Pair('ü', 3),
            counts: BTreeMap::new(),
            parent: None,
        };
        Self {
            id: u64::MAX,
            balance: i64::MIN,
            title: "Golden".into(),
            tags: vec![Some("a".into()), None],
            kind: Kind::Fields { at: -1, by: (500, -3) },
            counts: BTreeMap::from([("seen".into(), 70_000)]),
            parent: Some(Box::new(parent)),
        }
    }
}
