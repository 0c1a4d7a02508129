//! How the typed keys and values of a cache become bytes. Only a cache with a store asks for serde.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    envelope::Encoding,
    error::{Error, Kind, Result},
    format::{Context, Format},
    key::encode::encode,
    schema::Fingerprint,
};

/// The typed half of a stored cache, as functions.
pub struct Codec<O, V> {
    /// What values are made of, if their type says so.
    pub(crate) schema: Option<Fingerprint>,
    pub(crate) identity: fn(&O) -> Result<Vec<u8>>,
    pub(crate) arguments: fn(&Format, &O, &[&str]) -> Option<Vec<u8>>,
    pub(crate) encode: fn(&Format, &V, &Context<'_>) -> Result<Vec<u8>>,
    pub(crate) decode: fn(&Format, &[u8], &Context<'_>) -> Result<V>,
}

impl<O, V> fmt::Debug for Codec<O, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

impl<O, V> Codec<O, V> {
    /// How an entry is encoded in a format.
    pub(crate) fn encoding<'a>(&self, format: &'a Format) -> Encoding<'a> {
        Encoding { format: format.name(), schema: self.schema }
    }
}

/// What the user's `Serialize` and `Deserialize` come to; their panic is an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::new(Kind::Unstorable, "a `Serialize` or `Deserialize` of the value panicked")))
}

/// What the user's keyer comes to; its panic is an error.
pub(crate) fn named(work: impl FnOnce() -> String) -> Result<String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Error::new(Kind::Invalid, "the keyer panicked"))
}

/// Whether a cache has stores: chosen by the attribute.
pub trait Codecs<O, V> {
    #[doc(hidden)]
    fn codec() -> Option<Codec<O, V>>;
}

/// A cache in memory alone.
#[derive(Clone, Copy, Debug)]
pub struct InMemory;

/// A cache with a store.
#[derive(Clone, Copy, Debug)]
pub struct Stored;

impl<O, V> Codecs<O, V> for InMemory {
    fn codec() -> Option<Codec<O, V>> {
        None
    }
}

impl<O: Serialize, V: Serialize + DeserializeOwned> Codecs<O, V> for Stored {
    fn codec() -> Option<Codec<O, V>> {
        Some(Codec {
            schema: None,
            identity: |key| encode(key),
            arguments: readable,
            encode: |format, value, context| format.encode_in(value, context),
            decode: |format, bytes, context| format.decode_in(bytes, context),
        })
    }
}

/// The arguments by name, for people: a JSON object, where the format is JSON. `None` if JSON cannot say them.
#[cfg(feature = "json")]
fn readable<O: Serialize>(format: &Format, key: &O, names: &[&str]) -> Option<Vec<u8>> {
    if !format.is_json() {
        return None;
    }
    let serde_json::Value::Array(values) = serde_json::to_value(key).ok()? else { return None };
    let object: serde_json::Map<_, _> = names.iter().map(ToString::to_string).zip(values).collect();
    serde_json::to_vec(&object).ok()
}

#[cfg(not(feature = "json"))]
fn readable<O>(_format: &Format, _key: &O, _names: &[&str]) -> Option<Vec<u8>> {
    None
}
