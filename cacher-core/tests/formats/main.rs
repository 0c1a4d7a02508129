//! Chains of formats: each gives back what was put in, and nothing else.
#![cfg(all(
    feature = "json",
    feature = "msgpack",
    feature = "postcard",
    feature = "raw",
    feature = "npy",
    feature = "zlib",
    feature = "zstd",
    feature = "lz4",
    feature = "encrypt"
))]

mod chains;
mod damage;
mod encrypted;
mod golden;
mod npy;
mod postcard;
mod raw;

use cacher_core::{
    error::{Error, Kind},
    format::Format,
    secret::set_secret_key,
};
use serde::{Deserialize, Serialize};

/// A format by its name. The secret key is always the same.
#[track_caller]
fn format(name: &str) -> Format {
    set_secret_key([7; 32]).expect("one key for all tests");
    Format::named(name).expect(name)
}

#[track_caller]
fn invalid(name: &str) -> String {
    let error = Format::named(name).expect_err(name);
    assert_eq!(error.kind(), Kind::Invalid, "{name}");
    error.to_string()
}

#[track_caller]
fn refused<T: Serialize + ?Sized>(name: &str, value: &T) -> Error {
    let error = format(name).encode(value).expect_err("refused");
    assert_eq!(error.kind(), Kind::Unstorable);
    error
}

#[track_caller]
fn damaged<T: serde::de::DeserializeOwned + std::fmt::Debug>(name: &str, bytes: &[u8]) -> Error {
    let error = format(name).decode::<T>(bytes).expect_err("damaged");
    assert_eq!(error.kind(), Kind::Damaged);
    error
}

/// What most formats take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Post {
    id: u64,
    title: String,
    tags: Vec<Option<String>>,
    score: f64,
    parent: Option<Box<Post>>,
}
