//! The envelope of a stored entry: whose it is, its times, and a checksum around the value.
//!
//! There are two forms. Entries of the format `json` are a readable JSON object (with the cargo feature `json`), and
//! those of every other format are compact bytes. Both say the same of an entry but for the arguments, that only the
//! readable form shows; either is damaged if any byte of it changes, except that white space of the readable form
//! may. Nothing else is written.

use std::borrow::Cow;

use crate::{
    entry::Times,
    error::{Error, Kind, Result},
    schema::Fingerprint,
};

mod binary;
#[cfg(feature = "json")]
mod json;

/// The version of both forms. Entries of another version are [`Kind::Damaged`].
const VERSION: u8 = 1;

/// Whose entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The function.
    pub namespace: &'a str,
    /// The call: its identity arguments, encoded in full.
    pub key: &'a [u8],
}

/// How the value of an entry is encoded: `"msgpack"`, or a format and what its type is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding<'a> {
    /// The name of the format.
    pub format: &'a str,
    /// The make of the type, if it says so.
    pub schema: Option<Fingerprint>,
}

impl<'a> From<&'a str> for Encoding<'a> {
    fn from(format: &'a str) -> Self {
        Self { format, schema: None }
    }
}

/// What is put in the envelope.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The value, encoded in the format of the entry. If that is `json`, one JSON value.
    pub value: &'a [u8],
    /// The arguments for people to read, as a JSON object. Only the readable form shows them.
    pub arguments: Option<&'a [u8]>,
    /// What the entry carries for its tags; mostly nothing.
    pub tags: &'a [u8],
}

/// An entry that is intact, and of the call that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// Its times.
    pub times: Times,
    /// The value, encoded in the format of the entry.
    pub value: Cow<'a, [u8]>,
    /// What it carries for its tags.
    pub tags: Cow<'a, [u8]>,
}

/// What an entry says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The function whose it is.
    pub namespace: String,
    /// The call: its identity arguments, encoded in full.
    pub key: Vec<u8>,
    /// Its times.
    pub times: Times,
}

/// An intact entry, whosever it is.
struct Entry<'a> {
    encoding: Encoding<'a>,
    namespace: Cow<'a, str>,
    key: Cow<'a, [u8]>,
    times: Times,
    value: Cow<'a, [u8]>,
    tags: Cow<'a, [u8]>,
}

/// The entry as a store keeps it: `content`, in this encoding, for `identity`.
///
/// `load_time` is kept in whole microseconds. In the readable form the white space between the tokens of
/// `content` is not kept.
#[must_use]
pub fn seal<'a>(
    encoding: impl Into<Encoding<'a>>,
    identity: &Identity<'_>,
    times: &Times,
    content: &Content<'_>,
) -> Vec<u8> {
    let encoding = encoding.into();
    match encoding.format {
        #[cfg(feature = "json")]
        json::FORMAT => json::seal(encoding.schema, identity, times, content),
        _ => binary::seal(encoding, identity, times, content),
    }
}

/// Opens what [`seal`] made for the same encoding and identity. Schemas are compared where both are known.
///
/// # Errors
/// [`Kind::Damaged`], with the reason, if it is anything else.
pub fn open<'a, 'b>(bytes: &'a [u8], encoding: impl Into<Encoding<'b>>, identity: &Identity<'_>) -> Result<Opened<'a>> {
    let (entry, encoding) = (read(bytes)?, encoding.into());
    if entry.encoding.format != encoding.format {
        return Err(damaged("the entry has another format"));
    }
    if entry.namespace != identity.namespace {
        return Err(damaged("the entry is of another function"));
    }
    if *entry.key != *identity.key {
        return Err(damaged("the entry is of another call of the function"));
    }
    if entry.encoding.schema.zip(encoding.schema).is_some_and(|(theirs, ours)| theirs != ours) {
        return Err(damaged("the type of the value was made of other things when the entry was written"));
    }
    Ok(Opened { times: entry.times, value: entry.value, tags: entry.tags })
}

/// Whose entry `bytes` are and its times, if they are an intact entry in either form.
///
/// For sweeping and clearing: `None` is what must be left alone.
#[must_use]
pub fn inspect(bytes: &[u8]) -> Option<Header> {
    let entry = read(bytes).ok()?;
    Some(Header { namespace: entry.namespace.into_owned(), key: entry.key.into_owned(), times: entry.times })
}

/// The value of an intact entry, whosever it is, encoded in the format of the entry.
#[must_use]
pub fn value(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    read(bytes).ok().map(|entry| entry.value)
}

/// What an intact entry carries for its tags, if it has any.
#[must_use]
pub fn tags(bytes: &[u8]) -> Option<Vec<u8>> {
    read(bytes).ok().map(|entry| entry.tags.into_owned()).filter(|tags| !tags.is_empty())
}

/// Whether an entry, if it is intact, may carry something for its tags. Quick: checks nothing.
#[must_use]
pub fn may_carry_tags(bytes: &[u8]) -> bool {
    #[cfg(feature = "json")]
    if json::is_likely(bytes) {
        return json::may_carry_tags(bytes);
    }
    binary::may_carry_tags(bytes)
}

/// Whether `bytes` are an intact entry of another call of the function.
#[must_use]
pub fn is_of_another_call(bytes: &[u8], identity: &Identity<'_>) -> bool {
    read(bytes).is_ok_and(|entry| entry.namespace == identity.namespace && *entry.key != *identity.key)
}

fn read(bytes: &[u8]) -> Result<Entry<'_>> {
    #[cfg(feature = "json")]
    if json::is_likely(bytes) {
        return json::read(bytes);
    }
    binary::read(bytes)
}

/// Sixteen bytes of BLAKE3. Against accidents: who can write to a store can also make a checksum.
fn checksum(bytes: &[u8]) -> [u8; 16] {
    let mut sum = [0; 16];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut sum);
    sum
}

const FOREIGN: &str = "this is no entry of a cache";
const OTHER_VERSION: &str = "the entry has another version of the envelope";
const ALTERED: &str = "the entry is cut short or altered: its checksum is wrong";
const MALFORMED: &str = "the entry is malformed";

fn damaged(reason: &'static str) -> Error {
    Error::new(Kind::Damaged, reason)
}
