//! Damage in stores, from a byte to a whole database: a miss that is counted, never a wrong value, a panic or a hang.
#![cfg(all(
    feature = "file",
    feature = "json_file",
    feature = "sqlite",
    feature = "lmdb",
    feature = "postcard",
    feature = "raw",
    feature = "npy",
    feature = "zlib",
    feature = "zstd",
    feature = "lz4",
    feature = "encrypt"
))]

mod entries;
mod files;

use cacher_core::{backend::Backend, direct::Cache, format::Format, secret::set_secret_key};
use serde::{Serialize, de::DeserializeOwned};

/// A cache over a store, in a format, with the value of each of two keys.
fn filled<V>(store: impl Backend, format: &str, values: [&V; 2]) -> Cache<u8, V>
where
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    set_secret_key([7; 32]).expect("one key for all tests");
    let format = Format::named(format).expect(format);
    let cache = Cache::builder().name("damage").backend(store).format(format).build().expect("built");
    assert!(cache.set(&0, values[0].clone()) && cache.set(&1, values[1].clone()));
    assert_eq!(cache.stats().store_errors, 0);
    cache
}

/// Every byte changed in three ways, everything cut off from each place on, and other bytes altogether.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len()).flat_map(move |at| {
        [1, 0x20, 0xff].map(|mask| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= mask;
            bytes
        })
    });
    let cut = (0..bytes.len()).map(|end| bytes[..end].to_vec());
    let garbage = [vec![0; bytes.len()], vec![0xff; 3], b"{}".to_vec(), b"mine, not yours\n".repeat(9)];
    flipped.chain(cut).chain(garbage)
}
