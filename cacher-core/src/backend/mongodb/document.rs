//! Documents of entries, and what finds and changes them: `_id` the key, `v` the bytes, `exp` when they expire or null.
//! One that is `void` has no entry, and a lease alone.

use std::time::SystemTime;

use mongodb::bson::{
    Binary, Bson, DateTime, Document, RawBsonRef, RawDocument, doc, error::Result, spec::BinarySubtype,
};

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

/// The entries among these: not what has a lease alone.
pub(super) fn entries(mut filter: Document) -> Document {
    filter.insert("void", Bson::Null);
    filter
}

/// What of these has a lease alone.
pub(super) fn void(mut filter: Document) -> Document {
    filter.insert("void", true);
    filter
}

/// The entries among these that have not expired.
pub(super) fn living(filter: Document) -> Document {
    let mut filter = entries(filter);
    filter.insert("$or", [doc! { "exp": null }, doc! { "exp": { "$gt": DateTime::now() } }].to_vec());
    filter
}

/// The entries among these that have expired at this time.
pub(super) fn expired(filter: Document, now: SystemTime) -> Document {
    let mut filter = entries(filter);
    filter.insert("exp", has_expired(now));
    filter
}

/// The document of this key, if there is no entry in it, or one that has expired at this time.
pub(super) fn absent(key: &Key, now: SystemTime) -> Document {
    let mut filter = of(key);
    filter.insert("$or", [doc! { "void": true }, doc! { "exp": has_expired(now) }].to_vec());
    filter
}

fn has_expired(now: SystemTime) -> Document {
    doc! { "$lte": DateTime::from_system_time(now) }
}

/// What puts an entry into a document, and ends its lease.
pub(super) fn set(entry: &[u8], expires: Option<SystemTime>) -> Document {
    let bytes = Binary { subtype: BinarySubtype::Generic, bytes: entry.to_vec() };
    doc! { "$set": { "v": bytes, "exp": expiry(expires) }, "$unset": { "void": "", "lease": "", "until": "" } }
}

/// What ends the lease of an entry.
pub(super) fn without_lease() -> Document {
    doc! { "$unset": { "lease": "", "until": "" } }
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
    !document.get_bool("void").unwrap_or(false)
        && match document.get("exp") {
            Ok(None | Some(RawBsonRef::Null)) => true,
            Ok(Some(RawBsonRef::DateTime(expires))) => expires > DateTime::now(),
            _ => false,
        }
}
