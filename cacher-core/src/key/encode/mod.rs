//! The stored form of a key: any [`Serialize`] value as bytes that stand for it alone.
//!
//! * **Injective.** Two values whose [`Serialize`] impls say different things have different bytes.
//!   No encoding is the beginning of another, so encodings written one after another stay apart too.
//! * **Stable.** The bytes depend on no platform, no hash seed and no name of a type: a renamed type
//!   keeps its entries. They do depend on the names of fields and variants, the order of fields, and
//!   the width and sign of integers. Golden tests pin them.
//! * **Unordered where the value is.** A map is its entries in the order of their keys' bytes,
//!   however it iterates; so is what goes through [`AsSet`]. A `HashSet` without it is a sequence
//!   and misses whenever it iterates differently.
//!
//! What a `Serialize` impl leaves out (a skipped field, the flow label of a socket address) or calls
//! by the same name can't be told apart here. A type whose entries have an order must serialise as a
//! sequence, not as a map.
//!
//! Every value is a tag byte and what follows it. Integers are big-endian, floats likewise by their
//! bits. A length or a count is an unsigned LEB128 number, a name is its length and its UTF-8 bytes:
//!
//! | value | after the tag |
//! |---|---|
//! | unit, unit struct, `None`, `false`, `true` | nothing |
//! | integer, float, `char` | its 1 to 16 bytes |
//! | string, bytes | length, bytes |
//! | `Some`, newtype struct | the value |
//! | sequence, tuple, tuple struct, set | count, values |
//! | map | count, keys each followed by its value |
//! | struct | count, names each followed by its value |
//! | variant of an enum | its name, then as above for its shape |

mod compound;
pub(crate) mod decode;
mod encoder;
mod failure;
pub(crate) mod read;
mod tag;

use serde::{Serialize, Serializer};

use self::encoder::Encoder;
use crate::error::{Error, Kind, Result};

/// The name that makes a newtype struct a set, if it holds a sequence: the elements are sorted by
/// their bytes, and equal ones are kept once. [`AsSet`] serialises under it.
pub const SET: &str = "cacher::Set";

/// How many values may be nested in the outermost one. More is an error, so that a value made to be deep
/// can't overflow the stack.
const MAX_DEPTH: u8 = 128;

/// How many bytes most values take at most, as keys, with the names of their arguments.
const USUAL: usize = 64;

/// Encodes a value, as the [module](self) says.
///
/// # Errors
///
/// [`Kind::Unstorable`] if the value's own [`Serialize`] fails, or if values are nested more than
/// 128 deep in it. The text is that of the failing `Serialize` and may quote the value: it is not to be
/// shown for a secret.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL);
    match value.serialize(Encoder::new(&mut bytes, MAX_DEPTH)) {
        Ok(()) => Ok(bytes),
        Err(failure) => Err(Error::new(Kind::Unstorable, "the key can't be encoded").caused_by(failure)),
    }
}

/// Serialises a collection as a set: [`encode`] ignores its order and repeated elements.
///
/// Every other serializer sees a plain sequence. In a field of a struct it is used through
/// `#[serde(serialize_with = "..")]`.
///
/// ```
/// use cacher_core::key::encode::{AsSet, encode};
///
/// assert_eq!(encode(&AsSet(&[1, 2, 2]))?, encode(&AsSet(&[2, 1]))?);
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Debug)]
pub struct AsSet<'a, T: ?Sized>(pub &'a T);

impl<'a, T: ?Sized> Serialize for AsSet<'a, T>
where
    &'a T: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SET, &Sequence(self.0))
    }
}

struct Sequence<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> Serialize for Sequence<'a, T>
where
    &'a T: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0)
    }
}
