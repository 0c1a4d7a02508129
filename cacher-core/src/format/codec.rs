//! What makes bytes of a value.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::Result;

/// One of those that are built in, each with the cargo feature of its name, or one of the user's.
#[derive(Clone)]
pub(super) enum Codec {
    #[cfg(feature = "json")]
    Json,
    #[cfg(feature = "msgpack")]
    MessagePack,
    #[cfg(feature = "postcard")]
    Postcard,
    #[cfg(feature = "raw")]
    Raw,
    #[cfg(feature = "npy")]
    Npy,
    #[cfg(feature = "own_format")]
    Own(crate::sync::Arc<dyn super::ValueFormat>),
}

impl Codec {
    pub(super) const ALL: &[Self] = &[
        #[cfg(feature = "json")]
        Self::Json,
        #[cfg(feature = "msgpack")]
        Self::MessagePack,
        #[cfg(feature = "postcard")]
        Self::Postcard,
        #[cfg(feature = "raw")]
        Self::Raw,
        #[cfg(feature = "npy")]
        Self::Npy,
    ];

    pub(super) fn name(&self) -> &'static str {
        match *self {
            #[cfg(feature = "json")]
            Self::Json => "json",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "msgpack",
            #[cfg(feature = "postcard")]
            Self::Postcard => "postcard",
            #[cfg(feature = "raw")]
            Self::Raw => "raw",
            #[cfg(feature = "npy")]
            Self::Npy => "npy",
            #[cfg(feature = "own_format")]
            Self::Own(ref own) => own.name(),
        }
    }

    /// The bytes of a value; for people to read if it has no envelope that is laid out for them.
    #[allow(unused_variables, reason = "without any format")]
    pub(super) fn encode<T: Serialize + ?Sized>(&self, value: &T, bare: bool) -> Result<Vec<u8>> {
        match *self {
            #[cfg(feature = "json")]
            Self::Json => super::json::encode(value, bare),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => super::message_pack::encode(value),
            #[cfg(feature = "postcard")]
            Self::Postcard => super::postcard::encode(value),
            #[cfg(feature = "raw")]
            Self::Raw => super::raw::encode(value),
            #[cfg(feature = "npy")]
            Self::Npy => super::npy::encode(value),
            #[cfg(feature = "own_format")]
            Self::Own(ref own) => own.encode(&value),
        }
    }

    #[allow(unused_variables, reason = "without any format")]
    pub(super) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        match *self {
            #[cfg(feature = "json")]
            Self::Json => super::json::decode(bytes),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => super::message_pack::decode(bytes),
            #[cfg(feature = "postcard")]
            Self::Postcard => super::postcard::decode(bytes),
            #[cfg(feature = "raw")]
            Self::Raw => super::raw::decode(bytes),
            #[cfg(feature = "npy")]
            Self::Npy => super::npy::decode(bytes),
            #[cfg(feature = "own_format")]
            Self::Own(ref own) => super::own::decode(&**own, bytes),
        }
    }
}
