//! Documents of entries, and what finds and changes them: `_id` the key, `v` the bytes, `exp` when they expire or null.

use std::time::SystemTime;

use mongodb::bson::{Binary, Bson, DateTime, Document, RawDocument, doc, error::Result, spec::BinarySubtype};

use super::LONGEST_KEY;
use crate::backend::{Key, flat};

pub(super) fn id(key: &Key) -> String {
    flat::key(key, LONGEST_KEY)
}

/// The document of this key.
pub(super) fn of(key: &Key) -> Document {
    doc! { "_id": id(key) }
}

/// The documents of these keys.
pub(super) fn of_all(keys: &[Key]) -> Document {
    doc! { "_id": { "$in": keys.iter().map(id).collect::<Vec<_>>() } }
}

/// The documents of a namespace: of all keys between its prefix, which ends in `|`, and the next one.
pub(super) fn within(namespace: &str) -> Document {
    let first = flat::prefix(namespace, LONGEST_KEY);
    let end = format!("{}}}", first.trim_end_matches('|'));
    doc! { "_id": { "$gte": first, "$lt": end } }
}

/// Those of a namespace whose key comes after this one.
pub(super) fn behind(namespace: &str, id: &str) -> Document {
    let mut filter = within(namespace);
    if let Ok(range) = filter.get_document_mut("_id") {
        range.insert("$gt", id);
    }
    filter
}

/// What of these has not expired.
pub(super) fn living(mut filter: Document) -> Document {
    filter.insert("$or", [doc! { "exp": null }, doc! { "exp": { "$gt": DateTime::now() } }].to_vec());
    filter
}

/// What of these has expired at this time.
pub(super) fn expired(mut filter: Document, now: SystemTime) -> Document {
    filter.insert("exp", doc! { "$lte": DateTime::from_system_time(now) });
    filter
}

/// What puts an entry into a document.
pub(super) fn set(entry: &[u8], expires: Option<SystemTime>) -> Document {
    let bytes = Binary { subtype: BinarySubtype::Generic, bytes: entry.to_vec() };
    doc! { "$set": { "v": bytes, "exp": expiry(expires) } }
}

/// What changes when an entry expires.
pub(super) fn set_expiry(expires: Option<SystemTime>) -> Document {
    doc! { "$set": { "exp": expiry(expires) } }
}

fn expiry(expires: Option<SystemTime>) -> Bson {
    expires.map_or(Bson::Null, |expires| Bson::DateTime(DateTime::from_system_time(expires)))
}

/// The entry in a document.
pub(super) fn entry(document: &RawDocument) -> Result<Vec<u8>> {
    Ok(document.get_binary("v")?.bytes.to_vec())
}

/// The name of a document, and the entry in it.
pub(super) fn parts(document: &RawDocument) -> Result<(String, Vec<u8>)> {
    Ok((document.get_str("_id")?.to_owned(), entry(document)?))
}

/// Whether the entry of a document could still be found.
pub(super) fn is_living(document: &RawDocument) -> bool {
    document.get_datetime("exp").map_or(true, |expires| expires > DateTime::now())
}
