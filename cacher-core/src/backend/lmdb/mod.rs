//! The store `lmdb://`: entries in a memory-mapped B-tree.
//!
//! The directory holds `data.mdb` and `lock.mdb`; our entries are in the database `cacher` of it. A key is laid out
//! as `key` says; a value is its expiry, eight bytes of milliseconds since the Unix epoch, and the sealed entry.

use std::{borrow::Cow, ops::Bound, path::PathBuf, time::SystemTime};

use heed::{RoTxn, RwTxn};

use self::{
    environment::{Entries, Environment},
    key::{after, is_hashed, prefixes, read, stored},
};
use super::{Backend, Capabilities, Cost, Durability, Key, Put, Scanned};
use crate::{entry::Stamp, error::Result, sync::Arc};

mod environment;
mod fault;
mod key;
mod open;

pub use open::Options;

/// A directory with an LMDB environment. Entries are MessagePack unless another format is chosen.
///
/// Reads are memory accesses. A write waits for the disk, some milliseconds, or else a power loss could leave a file
/// that LMDB can't be trusted with: this is for what is read much and written seldom, and SQLite for the rest. Any
/// number of processes of one machine may use the directory at once, and write in turn; within a process one path is
/// one environment, however often it is opened, and also by links. The map grows by itself. The file does not shrink
/// when entries are removed: their room is used again.
///
/// The directory must not be on a network file system. An application that opens the same directory with another
/// binding of LMDB *in the same process* breaks LMDB's locks: give the cache a directory of its own.
///
/// `put_if_absent` takes an expired entry for a present one until it is swept. `put_many` puts all or none.
///
/// # Example
/// ```
/// # let dir = cacher_core::testkit::TempDir::new();
/// # std::env::set_current_dir(dir.path()).expect("there");
/// use cacher_core::backend::lmdb::Lmdb;
///
/// let store = Lmdb::open("cache")?;
/// let readable = Lmdb::at("cache").format("json").open()?;
/// let same = Lmdb::from_url("lmdb://cache?format=json")?;
/// # assert_eq!(format!("{readable:?}"), format!("{same:?}"));
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Lmdb {
    environment: Arc<Environment>,
    path: PathBuf,
    durability: Durability,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
}

/// How many entries are looked at, or removed, in one transaction.
const BATCH: usize = 256;

/// The expiry before an entry.
const HEADER: usize = size_of::<u64>();

fn header(expires: Option<SystemTime>) -> [u8; HEADER] {
    expires.map_or(Stamp::NEVER, Stamp::from).0.to_be_bytes()
}

/// What a value says: its expiry, and the entry.
fn split(value: &[u8]) -> Option<(Stamp, &[u8])> {
    let (header, entry) = value.split_first_chunk()?;
    Some((Stamp(u64::from_be_bytes(*header)), entry))
}

fn insert(
    transaction: &mut RwTxn<'_>,
    entries: Entries,
    key: &[u8],
    entry: &[u8],
    expires: Option<SystemTime>,
) -> heed::Result<()> {
    entries.put_reserved(transaction, key, HEADER + entry.len(), |space| {
        std::io::Write::write_all(space, &header(expires))?;
        std::io::Write::write_all(space, entry)
    })
}

/// Some keys and values.
type Page = Vec<(Vec<u8>, Vec<u8>)>;

/// Those that begin with `prefix` and follow `after`, looked at in order, of which `pick` takes a part of the value;
/// and the last that was looked at, unless it was the last of all.
fn page(
    transaction: &RoTxn<'_>,
    entries: Entries,
    prefix: &[u8],
    after: Option<&[u8]>,
    pick: impl Fn(Stamp, &[u8]) -> Option<Vec<u8>>,
) -> heed::Result<(Page, Option<Vec<u8>>)> {
    let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
    let (mut picked, mut last) = (Vec::new(), None);
    for (seen, found) in entries.range(transaction, &(from, Bound::Unbounded))?.enumerate() {
        let (key, value) = found?;
        if !key.starts_with(prefix) {
            return Ok((picked, None));
        }
        let part = split(value).and_then(|(expires, entry)| pick(expires, entry));
        picked.extend(part.map(|part| (key.to_vec(), part)));
        if seen + 1 == BATCH {
            last = Some(key.to_vec());
            break;
        }
    }
    Ok((picked, last))
}

impl Lmdb {
    /// Does all that `act` does, or nothing of it; it survives what it is to survive.
    fn write<T>(&self, act: impl Fn(&mut RwTxn<'_>, Entries) -> heed::Result<T>) -> Result<T> {
        let answer = self.environment.write(act)?;
        match self.durability {
            Durability::Process => Ok(answer),
            Durability::Power => self.environment.sync().map(|()| answer),
        }
    }

    /// Calls `act` with what `pick` takes of the entries of a namespace, between transactions, until it says `false`.
    fn each(
        &self,
        namespace: &str,
        pick: impl Fn(Stamp, &[u8]) -> Option<Vec<u8>>,
        mut act: impl FnMut(Page) -> Result<bool>,
    ) -> Result<()> {
        for prefix in prefixes(namespace) {
            let mut after: Option<Vec<u8>> = None;
            loop {
                let (picked, last) = self
                    .environment
                    .read(|transaction, entries| page(transaction, entries, &prefix, after.as_deref(), &pick))?;
                if !act(picked)? {
                    return Ok(());
                }
                after = last;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Removes these if they are still past a time, and returns how many.
    fn remove_expired(&self, found: &Page, now: Stamp) -> Result<u64> {
        if found.is_empty() {
            return Ok(0);
        }
        self.write(|transaction, entries| {
            let mut removed = 0;
            for (key, _) in found {
                let value = entries.get(transaction, key)?;
                if value.and_then(split).is_some_and(|(expires, _)| expires < now) {
                    removed += u64::from(entries.delete(transaction, key)?);
                }
            }
            Ok(removed)
        })
    }
}

impl Backend for Lmdb {
    fn describe(&self) -> String {
        format!("lmdb://{}", self.path.display())
    }

    fn cost(&self) -> Cost {
        Cost::ReadsInPlace
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            put_if_absent: true,
            touch: true,
            clear: true,
            scan: true,
            durable: true,
            shared: true,
            ..Capabilities::default()
        }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let key = stored(key);
        self.environment.read(|transaction, entries| {
            Ok(entries.get(transaction, &key)?.and_then(split).map(|(_, entry)| entry.to_vec()))
        })
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let key = stored(key);
        self.write(|transaction, entries| insert(transaction, entries, &key, entry, expires))
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        let key = stored(key);
        self.write(|transaction, entries| entries.delete(transaction, &key))
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.environment.read(|transaction, entries| {
            let get =
                |key| Ok(entries.get(transaction, &stored(key))?.and_then(split).map(|(_, entry)| entry.to_vec()));
            keys.iter().map(get).collect()
        })
    }

    fn put_many(&self, puts: &[Put]) -> Result<()> {
        self.write(|transaction, entries| {
            puts.iter().try_for_each(|put| insert(transaction, entries, &stored(&put.key), &put.entry, put.expires))
        })
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        self.write(|transaction, entries| {
            let mut removed = 0;
            for key in keys {
                removed += u64::from(entries.delete(transaction, &stored(key))?);
            }
            Ok(removed)
        })
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let key = stored(key);
        self.write(|transaction, entries| {
            let absent = entries.get(transaction, &key)?.is_none();
            if absent {
                insert(transaction, entries, &key, entry, expires)?;
            }
            Ok(absent)
        })
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let key = stored(key);
        self.write(|transaction, entries| {
            let entry = entries.get(transaction, &key)?.and_then(split).map(|(_, entry)| entry.to_vec());
            let Some(entry) = entry else { return Ok(false) };
            insert(transaction, entries, &key, &entry, expires)?;
            Ok(true)
        })
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.write(|transaction, entries| {
            let mut removed = 0;
            for prefix in prefixes(namespace) {
                let next = after(prefix.clone());
                let range = (Bound::Included(&prefix[..]), Bound::Excluded(&next[..]));
                removed += entries.delete_range(transaction, &range)? as u64;
            }
            Ok(removed)
        })
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let space = Arc::from(namespace);
        let mut visit =
            |(stored, entry): (Vec<u8>, _)| read(&space, &stored).is_none_or(|key| visit(Scanned::new(key, entry)));
        // Visited between transactions: `visit` may use the store itself.
        self.each(namespace, |_, entry| Some(entry.to_vec()), |page| Ok(page.into_iter().all(&mut visit)))
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        let hashed = is_hashed(key).then(|| read(&key.namespace, &stored(key))).flatten();
        hashed.map_or(Cow::Borrowed(key), Cow::Owned)
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.environment.read(|transaction, entries| {
            let mut count = 0;
            for prefix in prefixes(namespace) {
                count += entries.prefix_iter(transaction, &prefix)?.count() as u64;
            }
            Ok(count)
        })
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let (now, mut swept) = (Stamp::from(now), 0);
        let expired = |expires: Stamp, _: &[u8]| (expires < now).then(Vec::new);
        self.each(namespace, expired, |found| {
            swept += self.remove_expired(&found, now)?;
            Ok(true)
        })?;
        Ok(swept)
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("msgpack"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
