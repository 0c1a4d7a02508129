//! Any bytes are a value or are damaged, in every chain and for several types; a value comes back as itself.
#![no_main]

use std::fmt::Debug;

use cacher_core::{error::Kind, format::Format};
use cacher_fuzz::{Post, chain};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|data: (u8, &[u8])| {
    let (format, bytes) = (chain(data.0), data.1);
    check::<Post>(&format, bytes);
    check::<(u128, i128, Option<char>)>(&format, bytes);
    check::<Vec<u8>>(&format, bytes);
    check::<String>(&format, bytes);
    check::<Vec<[i16; 2]>>(&format, bytes);
    // Floats by their bits would be another type: here it counts that nothing panics.
    let _ = format.decode::<Vec<[f64; 2]>>(bytes);
    let _ = format.decode::<Vec<f32>>(bytes);
    if format.name().starts_with("json") || format.name().starts_with("msgpack") {
        check::<serde_json::Value>(&format, bytes);
    }
});

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(format: &Format, bytes: &[u8]) {
    let value = match format.decode::<T>(bytes) {
        Ok(value) => value,
        Err(error) => return assert_eq!(error.kind(), Kind::Damaged, "{error}"),
    };
    match format.encode(&value) {
        Ok(again) => assert_eq!(format.decode::<T>(&again).expect("encoded"), value),
        Err(error) => assert_eq!(error.kind(), Kind::Unstorable, "{error}"),
    }
}
