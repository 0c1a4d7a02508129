//! A format whose feature is off is known by name, and says so.

use cacher_core::{error::Kind, format::Format};

#[test]
fn the_feature_is_named() {
    for (name, is_on) in [("json", cfg!(feature = "json")), ("msgpack", cfg!(feature = "msgpack"))] {
        match Format::named(name) {
            Ok(format) => assert_eq!((format.name(), is_on), (name, true)),
            Err(error) => {
                assert_eq!((error.kind(), is_on), (Kind::Invalid, false));
                assert_eq!(error.to_string(), format!("the format \"{name}\" needs the cargo feature \"{name}\""));
            }
        }
    }
}
