//! The compact form of an entry.
//!
//! | part                                                        | bytes              |
//! |-------------------------------------------------------------|--------------------|
//! | magic                                                       | 8                  |
//! | version                                                     | 1                  |
//! | format                                                      | length (8) and it  |
//! | namespace                                                   | length (8) and it  |
//! | key                                                         | length (8) and it  |
//! | load began, created, fresh until, keep until (milliseconds) | 8 each             |
//! | load time (microseconds)                                    | 8                  |
//! | value                                                       | length (8) and it  |
//! | nothing; or the schema, if it is known                      | 8                  |
//! | or, with tags: 1 if there is a schema, the schema or zero   | 1, 8               |
//! | and what the entry carries for its tags                     | length (8) and it  |
//! | checksum of all before it                                   | 16                 |
//!
//! Numbers are little-endian.

use std::{borrow::Cow, time::Duration};

use super::{
    ALTERED, Content, Encoding, Entry, FOREIGN, Identity, MALFORMED, OTHER_VERSION, VERSION, checksum, damaged,
};
use crate::{
    entry::{Stamp, Times},
    error::Result,
    schema::Fingerprint,
};

/// No text begins like this, and a transfer that mends line ends breaks it.
const MAGIC: &[u8] = b"\x89cacher\n";

/// What an entry has besides its format, namespace, key and value.
const OVERHEAD: usize = 8 + 1 + 4 * 8 + 5 * 8 + 8 + 16;

pub(super) fn seal(encoding: Encoding<'_>, identity: &Identity<'_>, times: &Times, content: &Content<'_>) -> Vec<u8> {
    let fields = [encoding.format.as_bytes(), identity.namespace.as_bytes(), identity.key];
    let length = OVERHEAD + fields.iter().map(|field| field.len()).sum::<usize>() + content.value.len();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(MAGIC);
    bytes.push(VERSION);
    for field in fields {
        write_field(&mut bytes, field);
    }
    for number in numbers(times) {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    write_field(&mut bytes, content.value);
    match (encoding.schema, content.tags) {
        (None, []) => {}
        (Some(Fingerprint(schema)), []) => bytes.extend_from_slice(&schema.to_le_bytes()),
        (schema, tags) => {
            bytes.push(u8::from(schema.is_some()));
            bytes.extend_from_slice(&schema.map_or(0, |Fingerprint(schema)| schema).to_le_bytes());
            write_field(&mut bytes, tags);
        }
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

fn write_field(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
    bytes.extend_from_slice(field);
}

fn numbers(times: &Times) -> [u64; 5] {
    let micros = u64::try_from(times.load_time.as_micros()).unwrap_or(u64::MAX);
    [times.load_began.0, times.created.0, times.fresh_until.0, times.keep_until.0, micros]
}

pub(super) fn read(bytes: &[u8]) -> Result<Entry<'_>> {
    let after_magic = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged(FOREIGN))?;
    if after_magic.first().is_some_and(|&version| version != VERSION) {
        return Err(damaged(OTHER_VERSION));
    }
    let (covered, sum) = after_magic.split_last_chunk().ok_or_else(|| damaged(ALTERED))?;
    if checksum(&bytes[..MAGIC.len() + covered.len()]) != *sum {
        return Err(damaged(ALTERED));
    }
    Reader(covered).entry().ok_or_else(|| damaged(MALFORMED))
}

pub(super) fn may_carry_tags(bytes: &[u8]) -> bool {
    let covered = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_last_chunk::<16>);
    covered.and_then(|(covered, _)| Reader(covered).entry()).is_some_and(|entry| !entry.tags.is_empty())
}

/// Reads from the front of what it has left. `None` wherever that is too short.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// All that stands between magic and checksum.
    fn entry(mut self) -> Option<Entry<'a>> {
        let _version = self.take(1)?;
        let format = self.text()?;
        let entry = Entry {
            encoding: format.into(),
            namespace: Cow::Borrowed(self.text()?),
            key: Cow::Borrowed(self.field()?),
            times: self.times()?,
            value: Cow::Borrowed(self.field()?),
            tags: Cow::Borrowed(&[]),
        };
        let (schema, tags) = match self.0.len() {
            0 => (None, &[][..]),
            8 => (Some(Fingerprint(self.number()?)), &[][..]),
            _ => {
                let known = *self.take(1)?.first()? == 1;
                let schema = Fingerprint(self.number()?);
                (known.then_some(schema), self.field()?)
            }
        };
        let encoding = Encoding { format, schema };
        self.0.is_empty().then_some(Entry { encoding, tags: Cow::Borrowed(tags), ..entry })
    }

    fn times(&mut self) -> Option<Times> {
        Some(Times {
            load_began: Stamp(self.number()?),
            created: Stamp(self.number()?),
            fresh_until: Stamp(self.number()?),
            keep_until: Stamp(self.number()?),
            load_time: Duration::from_micros(self.number()?),
        })
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.field()?).ok()
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
