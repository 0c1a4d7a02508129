//! The readable form of an entry: one JSON object.
//!
//! ```json
//! {
//!   "cacher": 1,
//!   "function": "shop::rates",
//!   "arguments": {
//!     "day": "2026-11-20"
//!   },
//!   "key": "0a323032362d31312d3230",
//!   "written": "2026-11-20T19:10:40.123Z",
//!   "fresh_until": "2026-11-20T20:10:40.123Z",
//!   "keep_until": null,
//!   "load_began": "2026-11-20T19:10:39.870Z",
//!   "load_ms": 252.816,
//!   "value": [
//!     1.08,
//!     0.86
//!   ],
//!   "checksum": "bcdd10d75e0e29cab4f4acf7ccf581b4"
//! }
//! ```
//! Before the value stands `"schema"`, of 16 digits, if the type says what it is made of, and `"tags"`, what the entry
//! carries for its tags, if it has some.
//! `null` is a time that never comes; one after the year 9999 is its number of milliseconds since the Unix epoch.
//! The checksum covers all before `,"checksum":`, without the white space between tokens: an editor may lay the
//! object out in another way, and any other change is seen.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    ALTERED, Content, Encoding, Entry, FOREIGN, Identity, MALFORMED, OTHER_VERSION, VERSION, checksum, damaged,
};
use crate::{
    entry::{Stamp, Times},
    error::Result,
    hex,
    schema::Fingerprint,
};

mod date;
mod text;

/// The format whose entries have this form.
pub(super) const FORMAT: &str = "json";

/// The name of what an entry carries for its tags.
const TAGS: &[u8] = br#""tags""#;

/// What stands between what the checksum covers and its digits.
const BEFORE_CHECKSUM: &[u8] = br#","checksum":""#;
const AFTER_CHECKSUM: &[u8] = br#""}"#;

pub(super) fn seal(
    schema: Option<Fingerprint>,
    identity: &Identity<'_>,
    times: &Times,
    content: &Content<'_>,
) -> Vec<u8> {
    let mut object = format!("{{\"cacher\":{VERSION}").into_bytes();
    let mut member = |name: &str, value: &[u8]| {
        object.extend_from_slice(format!(",\"{name}\":").as_bytes());
        object.extend(text::compact(value));
    };
    member("function", quoted(identity.namespace).as_bytes());
    if let Some(arguments) = content.arguments {
        member("arguments", arguments);
    }
    member("key", quoted(&hex::to_hex(identity.key)).as_bytes());
    member("written", stamp_text(times.created).as_bytes());
    member("fresh_until", stamp_text(times.fresh_until).as_bytes());
    member("keep_until", stamp_text(times.keep_until).as_bytes());
    member("load_began", stamp_text(times.load_began).as_bytes());
    member("load_ms", milliseconds_text(times.load_time).as_bytes());
    if let Some(Fingerprint(schema)) = schema {
        member("schema", quoted(&hex::to_hex(&schema.to_le_bytes())).as_bytes());
    }
    if !content.tags.is_empty() {
        member("tags", quoted(&hex::to_hex(content.tags)).as_bytes());
    }
    member("value", content.value);
    let sum = hex::to_hex(&checksum(&object));
    object.extend([BEFORE_CHECKSUM, sum.as_bytes(), AFTER_CHECKSUM].concat());
    text::indent(&object)
}

/// Whether `bytes` may be in this form, and surely are not in the other one.
pub(super) fn is_likely(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

pub(super) fn may_carry_tags(bytes: &[u8]) -> bool {
    let is_text = |after: &[u8]| {
        let value = after.trim_ascii_start().strip_prefix(b":");
        value.is_some_and(|value| value.trim_ascii_start().starts_with(b"\""))
    };
    let mut places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(TAGS));
    places.any(|at| is_text(&bytes[at + TAGS.len()..]))
}

pub(super) fn read<'a>(bytes: &[u8]) -> Result<Entry<'a>> {
    let object = text::compact(bytes);
    let version = object.strip_prefix(br#"{"cacher":"#).ok_or_else(|| damaged(FOREIGN))?;
    if !version.starts_with(format!("{VERSION},").as_bytes()) {
        return Err(damaged(OTHER_VERSION));
    }
    if !has_its_checksum(&object) {
        return Err(damaged(ALTERED));
    }
    Members::of(&object).and_then(|members| members.entry()).ok_or_else(|| damaged(MALFORMED))
}

/// Whether `object`, compact, ends with the checksum of what stands before it.
fn has_its_checksum(object: &[u8]) -> bool {
    let parts = || {
        let (rest, digits) = object.strip_suffix(AFTER_CHECKSUM)?.split_last_chunk::<32>()?;
        Some((rest.strip_suffix(BEFORE_CHECKSUM)?, digits))
    };
    parts().is_some_and(|(covered, digits)| hex::to_hex(&checksum(covered)).as_bytes() == digits)
}

/// The members of a compact object by name. `None` wherever one is missing or not as [`seal`] writes it.
struct Members<'a>(BTreeMap<&'a str, &'a RawValue>);

impl<'a> Members<'a> {
    fn of(object: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(object).ok().map(Self)
    }

    fn entry<'b>(&self) -> Option<Entry<'b>> {
        Some(Entry {
            encoding: Encoding { format: FORMAT, schema: self.schema()? },
            namespace: Cow::Owned(self.parsed("function")?),
            key: Cow::Owned(hex::from_hex(self.parsed("key")?)?),
            times: self.times()?,
            value: Cow::Owned(self.text("value")?.as_bytes().to_vec()),
            tags: Cow::Owned(self.tags()?),
        })
    }

    /// `Some(None)` if there is none.
    #[expect(clippy::option_option, reason = "or else one that is malformed would be none")]
    fn schema(&self) -> Option<Option<Fingerprint>> {
        if !self.0.contains_key("schema") {
            return Some(None);
        }
        let bytes = hex::from_hex(self.parsed("schema")?)?.try_into().ok()?;
        Some(Some(Fingerprint(u64::from_le_bytes(bytes))))
    }

    /// Nothing if there are none.
    fn tags(&self) -> Option<Vec<u8>> {
        if self.0.contains_key("tags") { hex::from_hex(self.parsed("tags")?) } else { Some(Vec::new()) }
    }

    fn times(&self) -> Option<Times> {
        Some(Times {
            load_began: stamp_of(self.text("load_began")?)?,
            created: stamp_of(self.text("written")?)?,
            fresh_until: stamp_of(self.text("fresh_until")?)?,
            keep_until: stamp_of(self.text("keep_until")?)?,
            load_time: milliseconds_of(self.text("load_ms")?)?,
        })
    }

    fn parsed<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.text(name)?).ok()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get())
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `"2026-11-20T19:10:40.123Z"`, `null` or a number.
fn stamp_text(stamp: Stamp) -> String {
    match date::format(stamp.0) {
        _ if stamp == Stamp::NEVER => "null".to_owned(),
        Some(date) => quoted(&date),
        None => stamp.0.to_string(),
    }
}

fn stamp_of(text: &str) -> Option<Stamp> {
    match text.strip_prefix('"') {
        _ if text == "null" => Some(Stamp::NEVER),
        Some(date) => date::parse(date.strip_suffix('"')?).map(Stamp),
        None => text.parse().ok().map(Stamp),
    }
}

/// Milliseconds, to the microsecond.
fn milliseconds_text(time: Duration) -> String {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

fn milliseconds_of(text: &str) -> Option<Duration> {
    let (whole, thousandths) = text.split_once('.')?;
    let micros = whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)?;
    Some(Duration::from_micros(micros))
}
