//! Postcard: the smallest form, with everything by its position.

use serde::{Serialize, de::DeserializeOwned};

use super::{damaged, faithful::Faithful, shallow::Shallow};
use crate::error::{Error, Kind, Result};

const REFUSED: &str = "the value can't be stored as postcard: it is nested deeper than 127 levels, leaves a field out, \
                       has something whose length is not known before, or fails by itself; msgpack takes more";

pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut serializer = postcard::Serializer { output: postcard::ser_flavors::StdVec::new() };
    let written = value.serialize(Faithful::new(&mut serializer).by_position());
    let written = written.and_then(|()| postcard::ser_flavors::Flavor::finalize(serializer.output));
    // It keeps no reasons.
    written.map_err(|error| Error::new(Kind::Unstorable, REFUSED).caused_by(error))
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let wrong = || damaged("the value can't be read as postcard of this type");
    let mut deserializer = postcard::Deserializer::from_bytes(bytes);
    let value = T::deserialize(Shallow::new(&mut deserializer, bytes.len())).map_err(|_| wrong())?;
    let rest = deserializer.finalize().map_err(|_| wrong())?;
    if rest.is_empty() { Ok(value) } else { Err(wrong()) }
}
