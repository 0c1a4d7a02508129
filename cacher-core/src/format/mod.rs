//! Values as bytes: what a store keeps of what a function returned.
//!
//! A format is a chain: what makes bytes of a value, then what is done with the bytes, from left to right; it is undone
//! from right to left.
//!
//! | piece | what it does | parameters |
//! |---|---|---|
//! | `json` | text that people can read | |
//! | `msgpack` | compact, with fields by name | |
//! | `postcard` | the smallest and fastest, with fields by position | |
//! | `raw` | bytes and text as they are | |
//! | `npy` | arrays of numbers, as NumPy keeps them | |
//! | `zlib` | compresses | `level=6` (0 to 9), `max=1GiB` |
//! | `zstd` | compresses, faster and better | `level=3` (-7 to 22), `max=1GiB` |
//! | `lz4` | compresses less, fastest | `max=1GiB` |
//! | `encrypt` | hides and proves: XChaCha20-Poly1305 | `per_key=true` |
//! | `bare` | writes the value only, without an envelope | |
//!
//! `"json"`, `"msgpack+zstd"`, `"json+zlib?level=9"`, `"postcard+zstd?level=19&max=64MiB+encrypt"`. In a URL `&` is
//! written `%26`. `max` is the most that a value may be before it is compressed: more is not stored, and not read.
//!
//! # Encryption
//! `encrypt` needs a secret key ([`set_secret_key`](crate::secret::set_secret_key)); without one nothing is stored, and
//! that is reported once. Who can read the store sees the functions, the times, and how long each value is; not the
//! arguments, the values, or which entry is of which call. An entry that was damaged, moved, or given other times does
//! not open, and is a miss. Who can write to the store can put an old entry back in its own place.
//!
//! With `per_key=true` the key of each value is made of the secret key and the arguments of its call: even with the
//! store and the secret key, a value is read only by who knows the arguments, or tries them all.

use std::{borrow::Cow, fmt};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Kind, Result},
    sync::Arc,
};

#[cfg(any(feature = "zlib", feature = "zstd", feature = "lz4"))]
mod bounded;
#[allow(unreachable_code, reason = "where nothing makes bytes there is no format")]
mod chain;
mod codec;
#[cfg(feature = "encrypt")]
mod encrypt;
#[cfg(any(feature = "json", feature = "msgpack", feature = "postcard"))]
mod faithful;
mod filter;
mod into;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(feature = "msgpack")]
mod message_pack;
mod name;
#[cfg(feature = "npy")]
mod npy;
#[cfg(feature = "own_format")]
mod own;
#[cfg_attr(not(all(feature = "zlib", feature = "encrypt")), allow(dead_code, reason = "each piece takes some"))]
mod piece;
#[cfg(feature = "postcard")]
mod postcard;
#[cfg(feature = "raw")]
mod raw;
#[cfg(any(feature = "raw", feature = "npy"))]
mod refused;
#[cfg(feature = "postcard")]
mod shallow;
#[cfg(feature = "zlib")]
mod zlib;
#[cfg(feature = "zstd")]
mod zstd;

use codec::Codec;
pub use filter::{Context, Filter};
pub use into::{FromItself, FromResult, FromText, IntoFormat};
#[cfg(feature = "own_format")]
pub use own::{ValueFormat, erased_serde};

/// How deep a value may be nested: what all formats can read back on any thread's stack.
#[cfg(any(feature = "json", feature = "msgpack", feature = "postcard"))]
const MAX_DEPTH: u8 = 127;

/// How values become bytes and back: a chain, as [`named`](Self::named) by text. Cheap to clone.
///
/// What was encoded decodes to an equal value, or is refused when encoding: a format never stores
/// something that comes back as something else. What no format can see is a type whose `Deserialize`
/// does not undo its `Serialize`, as with `#[serde(skip)]` or an ambiguous `#[serde(untagged)]`.
///
/// `json` and `msgpack` keep fields by name. The others keep none: where a type may change, let it derive
/// [`Schema`](crate::schema::Schema), or give the function a new `version` then, or an old entry may be read as something
/// else.
///
/// ```
/// # #[cfg(feature = "json")] {
/// use cacher_core::format::Format;
///
/// let json = Format::named("json")?;
/// assert_eq!(json.encode(&[1, 2])?, b"[1,2]");
/// assert_eq!(json.decode::<Vec<u8>>(b"[1,2]")?, [1, 2]);
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Format {
    codec: Codec,
    /// In the order in which they are applied; `None` if there are none, so that the common clone shares nothing.
    filters: Option<Arc<[Arc<dyn Filter>]>>,
    bare: bool,
    conceals: bool,
    name: &'static str,
}

impl Format {
    /// The format that a text says.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if there is none, saying what there is; or which cargo feature it takes.
    pub fn named(text: &str) -> Result<Self> {
        chain::parse(text)
    }

    fn plain(codec: Codec) -> Self {
        Self { filters: None, bare: false, conceals: false, name: codec.name(), codec }
    }

    /// A format of your own; filters may follow.
    #[cfg(feature = "own_format")]
    #[must_use]
    pub fn of(own: impl ValueFormat) -> Self {
        Self::plain(Codec::Own(Arc::new(own)))
    }

    /// The same format, and then a filter: one that is built in, or one of your own.
    ///
    /// ```
    /// # #[cfg(feature = "json")] {
    /// use cacher_core::{error::Result, format::{Context, Filter, Format}};
    ///
    /// struct Reversed;
    ///
    /// impl Filter for Reversed {
    ///     fn name(&self) -> &'static str { "reversed" }
    ///     fn apply(&self, mut bytes: Vec<u8>, _: &Context<'_>) -> Result<Vec<u8>> {
    ///         bytes.reverse();
    ///         Ok(bytes)
    ///     }
    ///     fn undo(&self, bytes: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
    ///         Ok(bytes.iter().rev().copied().collect())
    ///     }
    /// }
    ///
    /// let format = Format::named("json")?.then(Reversed);
    /// assert_eq!((format.name(), format.encode("ab")?), ("json+reversed", b"\"ba\"".to_vec()));
    /// # }
    /// # Ok::<(), cacher_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn then(self, filter: impl Filter) -> Self {
        self.with(Arc::new(filter))
    }

    fn with(self, filter: Arc<dyn Filter>) -> Self {
        let name = name::of_chain(self.name.strip_suffix("+bare").unwrap_or(self.name), filter.name());
        let conceals = self.conceals || filter.conceals();
        let filters = self.filters().iter().cloned().chain([filter]).collect();
        let format = Self { filters: Some(filters), conceals, name, bare: false, ..self };
        if self.bare && !conceals { format.without_envelope() } else { format }
    }

    fn without_envelope(self) -> Self {
        Self { bare: true, name: name::of_chain(self.name, "bare"), ..self }
    }

    /// What tells its entries from those of other formats: `"json"`, `"msgpack+zstd"`. Levels and limits are no part of
    /// it, as entries can be read without them.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether entries are the value only, without whose they are and their times, for other programs to read.
    ///
    /// Then nothing but its name tells an entry from another, and damage is found only where the value can't be decoded.
    /// It is as old as the store says; of an end of its own, as by `expire_in` or `tti`, the store knows nothing.
    /// Expired values are not swept: they go when they are replaced, invalidated or cleared.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// Whether entries show nothing of a call, and have keyed hashes for names.
    #[must_use]
    pub fn conceals(&self) -> bool {
        self.conceals
    }

    /// Whether entries are text that people can read.
    #[cfg(feature = "json")]
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.codec, Codec::Json) && self.filters.is_none()
    }

    fn filters(&self) -> &[Arc<dyn Filter>] {
        self.filters.as_deref().unwrap_or_default()
    }

    /// The bytes of `value`.
    ///
    /// # Errors
    /// [`Kind::Unstorable`] if it would not come back as it is: `Some` of nothing (`Some(None)`, `Some(())`),
    /// more than 127 levels, a `RawValue` of `serde_json`, in JSON a number that is not finite or a map whose keys
    /// are not strings, numbers or the like, what is no bytes or text in `raw`, or no array of numbers in `npy`; or if
    /// its own `Serialize` fails. [`Kind::Invalid`] if it is to be encrypted and there is no secret key.
    pub fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        self.encode_in(value, &Context::default())
    }

    /// The value that was encoded as `bytes`.
    ///
    /// # Errors
    /// [`Kind::Damaged`] if `bytes` are not one whole value of this format and type, and nothing else.
    pub fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        self.decode_in(bytes, &Context::default())
    }

    /// The bytes of `value`, for an entry.
    pub(crate) fn encode_in<T: Serialize + ?Sized>(&self, value: &T, context: &Context<'_>) -> Result<Vec<u8>> {
        let context = Context { format: self.name, ..*context };
        let bytes = self.codec.encode(value, self.bare)?;
        self.filters().iter().try_fold(bytes, |bytes, filter| filter.apply(bytes, &context))
    }

    /// The value of an entry.
    pub(crate) fn decode_in<T: DeserializeOwned>(&self, bytes: &[u8], context: &Context<'_>) -> Result<T> {
        let context = Context { format: self.name, ..*context };
        let mut undone: Option<Vec<u8>> = None;
        for filter in self.filters().iter().rev() {
            undone = Some(filter.undo(undone.as_deref().unwrap_or(bytes), &context)?);
        }
        self.codec.decode(undone.as_deref().unwrap_or(bytes))
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Format").field(&self.name).finish()
    }
}

/// A filter that is built in, alone: `"zlib?level=6"`. It works on bytes without a cache, with
/// [`Context::default`].
///
/// # Errors
/// As [`Format::named`].
///
/// ```
/// # #[cfg(feature = "zlib")] {
/// use cacher_core::format::{Context, filter};
///
/// let zlib = filter("zlib?level=9")?;
/// let packed = zlib.apply(vec![7; 1000], &Context::default())?;
/// assert!(packed.len() < 50);
/// assert_eq!(zlib.undo(&packed, &Context::default())?, [7; 1000]);
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
pub fn filter(text: &str) -> Result<Arc<dyn Filter>> {
    chain::filter(&piece::Piece::parse(text)?)
}

#[allow(dead_code, reason = "without any format")]
fn damaged(reason: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Damaged, reason)
}
