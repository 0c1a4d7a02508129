//! JSON, compact.

use serde::{Serialize, de::DeserializeOwned};

use super::faithful::Faithful;
use crate::error::{Error, Kind, Result};

pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    match value.serialize(Faithful::new(&mut serializer).decimal()) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::new(Kind::Unstorable, "the value can't be stored as json").caused_by(error)),
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // What serde says may quote the value, so only the place is told.
    serde_json::from_slice(bytes).map_err(|error| {
        let (what, column) = (error.classify(), error.column());
        Error::new(Kind::Damaged, format!("the value can't be read as json of this type: {what:?} at byte {column}"))
    })
}
