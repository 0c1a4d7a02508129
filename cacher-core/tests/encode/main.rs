//! The stored form of a key, through the public surface.

mod golden;
mod injective;
mod refused;
mod unordered;
mod value;

use cacher_core::key::encode::encode;
use serde::Serialize;

fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    encode(value).expect("the value can be encoded")
}
