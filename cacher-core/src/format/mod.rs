//! Values as bytes: what a store keeps of what a function returned.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Kind, Result};

#[cfg(any(feature = "json", feature = "msgpack"))]
mod faithful;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "msgpack")]
mod message_pack;

/// The names of all formats there are, whether built in or not. Each has a cargo feature of its name.
const NAMES: &[&str] = &["json", "msgpack"];

/// How deep a value may be nested: what both formats can read back on any thread's stack.
#[cfg(any(feature = "json", feature = "msgpack"))]
const MAX_DEPTH: u8 = 127;

/// How values become bytes and back. Each format is there with the cargo feature of its name.
///
/// What was encoded decodes to an equal value, or is refused when encoding: a format never stores
/// something that comes back as something else. What no format can see is a type whose `Deserialize`
/// does not undo its `Serialize`, as with `#[serde(skip)]` or an ambiguous `#[serde(untagged)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Text that people can read. Numbers that are not finite are refused.
    #[cfg(feature = "json")]
    Json,
    /// Compact and fast. Fields are stored by name, so their order may change.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl Format {
    /// The formats that are built in.
    const ALL: &[Self] = &[
        #[cfg(feature = "json")]
        Self::Json,
        #[cfg(feature = "msgpack")]
        Self::MessagePack,
    ];

    /// The format of this [`name`](Self::name).
    ///
    /// # Errors
    /// [`Kind::Invalid`] if there is none, saying which there are; or which cargo feature it takes.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.iter().find(|format| format.name() == name).copied().ok_or_else(|| unknown(name))
    }

    /// `"json"` or `"msgpack"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "json")]
            Self::Json => "json",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "msgpack",
        }
    }

    /// The bytes of `value`.
    ///
    /// # Errors
    /// [`Kind::Unstorable`] if it would not come back as it is: `Some` of nothing (`Some(None)`, `Some(())`),
    /// more than 127 levels, a `RawValue` of `serde_json`, in JSON a number that is not finite or a map whose keys
    /// are not strings, numbers or the like; or if its own `Serialize` fails.
    #[cfg_attr(not(any(feature = "json", feature = "msgpack")), expect(unused_variables))]
    pub fn encode<T: Serialize + ?Sized>(self, value: &T) -> Result<Vec<u8>> {
        match self {
            #[cfg(feature = "json")]
            Self::Json => json::encode(value),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => message_pack::encode(value),
        }
    }

    /// The value that was encoded as `bytes`.
    ///
    /// # Errors
    /// [`Kind::Damaged`] if `bytes` are not one whole value of this format and type, and nothing else.
    #[cfg_attr(not(any(feature = "json", feature = "msgpack")), expect(unused_variables))]
    pub fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T> {
        match self {
            #[cfg(feature = "json")]
            Self::Json => json::decode(bytes),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => message_pack::decode(bytes),
        }
    }
}

fn unknown(name: &str) -> Error {
    let message = if NAMES.contains(&name) {
        format!("the format \"{name}\" needs the cargo feature \"{name}\"")
    } else {
        format!("there is no format \"{name}\"; there are: {}", NAMES.join(", "))
    };
    Error::new(Kind::Invalid, message)
}
