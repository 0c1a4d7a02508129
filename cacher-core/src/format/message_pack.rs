//! `MessagePack`, with structs as maps by field name.

use serde::{Serialize, de::DeserializeOwned};

use super::{MAX_DEPTH, damaged, faithful::Faithful};
use crate::error::{Error, Kind, Result};

pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    match value.serialize(Faithful::new(&mut serializer)) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::new(Kind::Unstorable, "the value can't be stored as msgpack").caused_by(error)),
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if !is_one_value(bytes) {
        return Err(damaged("the value is not msgpack, or not of one piece"));
    }
    // What serde says may quote the value.
    rmp_serde::from_slice(bytes).map_err(|_| damaged("the value can't be read as msgpack of this type"))
}

/// Whether `bytes` are exactly one value of at most [`MAX_DEPTH`] levels.
///
/// `rmp_serde` asks neither: it ignores what follows the value, and does not count the levels of enums.
fn is_one_value(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    // How many values each level still lacks, outermost first.
    let mut lacking = vec![1_u64];
    while let Some(count) = lacking.last_mut() {
        if *count == 0 {
            lacking.pop();
            continue;
        }
        *count -= 1;
        match skip_head(&mut rest) {
            Some(Head::Leaf) => {}
            Some(Head::Parent { .. }) if lacking.len() > usize::from(MAX_DEPTH) => return false,
            Some(Head::Parent { children }) => lacking.push(children),
            None => return false,
        }
    }
    rest.is_empty()
}

/// What begins with a byte of the format.
enum Head {
    Leaf,
    Parent { children: u64 },
}

/// Takes from `rest` a whole leaf, or what announces the children of a parent. `None` if it is cut short or none.
fn skip_head(rest: &mut &[u8]) -> Option<Head> {
    let marker = number(rest, 1)?;
    let parent = |children| Some(Head::Parent { children });
    let bytes = match marker {
        0x80..=0x8f => return parent(2 * (marker & 0x0f)),
        0x90..=0x9f => return parent(marker & 0x0f),
        0xdc => return parent(number(rest, 2)?),
        0xdd => return parent(number(rest, 4)?),
        0xde => return parent(2 * number(rest, 2)?),
        0xdf => return parent(2 * number(rest, 4)?),
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 0,
        0xa0..=0xbf => marker & 0x1f,
        0xc4 | 0xd9 => number(rest, 1)?,
        0xc5 | 0xda => number(rest, 2)?,
        0xc6 | 0xdb => number(rest, 4)?,
        0xc7 => number(rest, 1)? + 1,
        0xc8 => number(rest, 2)? + 1,
        0xc9 => number(rest, 4)? + 1,
        0xcc | 0xd0 => 1,
        0xcd | 0xd1 | 0xd4 => 2,
        0xd5 => 3,
        0xca | 0xce | 0xd2 => 4,
        0xd6 => 5,
        0xcb | 0xcf | 0xd3 => 8,
        0xd7 => 9,
        0xd8 => 17,
        _ => return None,
    };
    take(rest, bytes).map(|_| Head::Leaf)
}

/// The big-endian number in the next `bytes`, at most eight.
fn number(rest: &mut &[u8], bytes: u64) -> Option<u64> {
    Some(take(rest, bytes)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn take<'a>(rest: &mut &'a [u8], bytes: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(bytes).ok()?)?;
    *rest = after;
    Some(taken)
}
