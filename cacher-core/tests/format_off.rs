//! A format whose feature is off is known by name, and says so.

use cacher_core::{
    error::Kind,
    format::{Format, filter},
};

#[test]
fn the_feature_is_named() {
    let formats = [
        ("json", cfg!(feature = "json")),
        ("msgpack", cfg!(feature = "msgpack")),
        ("postcard", cfg!(feature = "postcard")),
        ("raw", cfg!(feature = "raw")),
        ("npy", cfg!(feature = "npy")),
    ];
    for (name, is_on) in formats {
        match Format::named(name) {
            Ok(format) => assert_eq!((format.name(), is_on), (name, true)),
            Err(error) => {
                assert_eq!((error.kind(), is_on), (Kind::Invalid, false));
                assert_eq!(error.to_string(), format!("the format \"{name}\" needs the cargo feature \"{name}\""));
            }
        }
    }
}

#[test]
fn so_is_that_of_a_filter() {
    let filters = [
        ("zlib", cfg!(feature = "zlib")),
        ("zstd", cfg!(feature = "zstd")),
        ("lz4", cfg!(feature = "lz4")),
        ("encrypt", cfg!(feature = "encrypt")),
    ];
    for (name, is_on) in filters {
        match filter(name) {
            Ok(filter) => assert_eq!((filter.name(), is_on), (name, true)),
            Err(error) => assert_eq!(
                (error.to_string(), is_on),
                (format!("the format \"{name}\" needs the cargo feature \"{name}\""), false)
            ),
        }
    }
}
