//! JSON, compact, or laid out for people.

use serde::{Serialize, de::DeserializeOwned};

use super::{damaged, faithful::Faithful};
use crate::error::{Error, Kind, Result};

pub(super) fn encode<T: Serialize + ?Sized>(value: &T, for_people: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let written = if for_people {
        let mut serializer = serde_json::Serializer::pretty(&mut bytes);
        value.serialize(Faithful::new(&mut serializer).decimal())
    } else {
        let mut serializer = serde_json::Serializer::new(&mut bytes);
        value.serialize(Faithful::new(&mut serializer).decimal())
    };
    match written {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::new(Kind::Unstorable, "the value can't be stored as json").caused_by(error)),
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // What serde says may quote the value, so only the place is told.
    serde_json::from_slice(bytes).map_err(|error| {
        let (what, column) = (error.classify(), error.column());
        damaged(format!("the value can't be read as json of this type: {what:?} at byte {column}"))
    })
}
