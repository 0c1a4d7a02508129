//! The store `mongodb://`: one document for each entry, `{_id: "namespace|format|name", v: bytes, exp: date or null}`, with
//! an index by which the server removes what has expired. Leases stand in them, rates beside them.

use std::{
    borrow::Cow,
    collections::HashMap,
    time::{Duration, SystemTime},
};

use mongodb::bson::{RawDocumentBuf, doc};

use self::{
    fault::{fault, is_present},
    link::Link,
    many::{PAGE, in_one_answer},
};
use super::{
    Capabilities, Key, Pace, Put, Scanned,
    driven::{AsyncBackend, Page},
    flat, message,
};
use crate::{
    error::{Error, Kind, Result},
    sync::Arc,
};

mod document;
mod fault;
mod lease;
mod link;
mod many;
mod open;
mod rate;

/// A collection of a MongoDB server, a replica set or a sharded cluster.
///
/// The collection should hold nothing else. It is made by the first write of a process, with an index on `exp`.
///
/// * Atomic: each operation on one entry, `put_if_absent` in one round trip. `put_many` sends up to 10,000 entries or
///   8 MiB at a time, which are put one after the other, and `clear` removes entry by entry: others may see a part of it.
/// * Leases of loads (`single_flight = distributed`) and rates (`shared_rate`) go by the clock of the server; they need
///   MongoDB 4.2. Who removes or puts an entry ends its lease in the same command.
/// * Precise: entries expire to the millisecond, by the clocks of those who ask. The server removes them about once a
///   minute, and until then they count in `len`.
/// * Durable as `w` and `journal` say: by default what a majority of a replica set has taken. With less, an entry may be
///   lost, or a removed one come back, when another server becomes the primary.
/// * Limited: an entry has 16 MiB at most, less 16 KiB; a larger one is refused.
/// * Everything is read from the primary, or from the one server that `directConnection=true` asks. A client has up to ten connections to a server (`maxPoolSize`), made as they
///   are needed, and two that watch it.
///
/// Keys are text of printable ASCII, and a collection that is made by hand must compare it byte by byte: leave its
/// collation alone.
///
/// ```no_run
/// use cacher_core::backend::mongodb::MongoDb;
///
/// let store = MongoDb::from_url("mongodb://user:password@10.0.0.1,10.0.0.2/app?replicaSet=rs0&collection=pages")?;
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MongoDb {
    link: Arc<Link>,
    url: String,
    timeout: Duration,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
}

/// The longest key.
const LONGEST_KEY: usize = 1024;
/// What a server takes as one document, but for what stands beside the entry.
const LONGEST_ENTRY: usize = (16 << 20) - (16 << 10);

fn check_length(entry: &[u8]) -> Result<()> {
    if entry.len() <= LONGEST_ENTRY {
        return Ok(());
    }
    let message = format!("an entry of {} bytes is larger than the {LONGEST_ENTRY} that MongoDB takes", entry.len());
    Err(Error::new(Kind::Rejected, message))
}

impl MongoDb {
    /// The entries of some keys, by the names of their documents.
    async fn entries_of(&self, keys: &[Key]) -> Result<HashMap<String, Vec<u8>>> {
        let collection = self.link.entries().await?;
        let find = collection.find(document::of_all(keys)).batch_size(in_one_answer(keys.len()));
        let mut cursor = find.await.map_err(fault)?;
        let mut found = HashMap::with_capacity(keys.len());
        while cursor.advance().await.map_err(fault)? {
            if document::is_living(cursor.current()) {
                let (id, entry) = document::parts(cursor.current()).map_err(|error| fault(error.into()))?;
                found.insert(id, entry);
            }
        }
        Ok(found)
    }
}

impl AsyncBackend for MongoDb {
    fn describe(&self) -> String {
        self.url.clone()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            expires: true,
            put_if_absent: true,
            touch: true,
            clear: true,
            scan: true,
            durable: true,
            shared: true,
            lease: true,
            pace: true,
            ..Capabilities::default()
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        // Asked for more than the key, the server would weigh the index of expiries against that of keys.
        let found = self.link.entries().await?.find_one(document::of(key)).await.map_err(fault)?;
        let found = found.filter(|found| document::is_living(found));
        found.map(|found| document::entry(&found)).transpose().map_err(|error| fault(error.into()))
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        check_length(entry)?;
        let put = self.link.indexed().await?;
        let put = put.update_one(document::of(key), document::set(entry, expires)).upsert(true);
        put.await.map(drop).map_err(fault)
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        // What has expired is removed as well: for another's clock it may not have.
        let collection = self.link.entries().await?;
        let remove = collection.find_one_and_delete(document::of(key)).projection(doc! { "exp": 1, "void": 1 });
        let removed: Option<RawDocumentBuf> = remove.await.map_err(fault)?;
        Ok(removed.is_some_and(|removed| document::is_living(&removed)))
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(message::KEYS) {
            let entries = self.entries_of(some).await?;
            found.extend(some.iter().map(|key| entries.get(&document::id(key)).cloned()));
        }
        Ok(found)
    }

    async fn put_many(&self, entries: &[Put]) -> Result<()> {
        for some in message::parts(entries, message::size) {
            some.iter().try_for_each(|put| check_length(&put.entry))?;
            self.put_together(some).await?;
        }
        Ok(())
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let collection = self.link.entries().await?;
        let mut removed = 0;
        for some in keys.chunks(message::KEYS) {
            removed += collection.delete_many(document::of_all(some)).await.map_err(fault)?.deleted_count;
        }
        Ok(removed)
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        check_length(entry)?;
        let put = self.link.indexed().await?;
        // Finds what has expired, or nothing: then it is inserted, and what has not expired is in its way.
        let absent = document::absent(key, SystemTime::now());
        let put = put.update_one(absent, document::set(entry, expires)).upsert(true);
        match put.await {
            Ok(_) => Ok(true),
            Err(error) if is_present(&error) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }

    async fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let collection = self.link.entries().await?;
        let touch = collection.update_one(document::living(document::of(key)), document::set_expiry(expires));
        Ok(touch.await.map_err(fault)?.matched_count == 1)
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        let (collection, all) = (self.link.entries().await?, document::within(namespace));
        // They count for nothing.
        collection.delete_many(document::void(all.clone())).await.map_err(fault)?;
        Ok(collection.delete_many(all).await.map_err(fault)?.deleted_count)
    }

    async fn page(&self, namespace: &str, next: Option<&[u8]>) -> Result<Page> {
        let range = match next {
            None => document::within(namespace),
            Some(next) => document::behind(namespace, &String::from_utf8_lossy(next)),
        };
        let collection = self.link.entries().await?;
        let find = collection.find(document::living(range)).sort(doc! { "_id": 1 }).batch_size(in_one_answer(PAGE));
        let mut cursor = find.limit(i64::try_from(PAGE).unwrap_or(i64::MAX)).await.map_err(fault)?;
        let (mut page, namespace, mut count, mut bytes) = (Page::default(), Arc::from(namespace), 0, 0);
        while cursor.advance().await.map_err(fault)? {
            let (id, entry) = document::parts(cursor.current()).map_err(|error| fault(error.into()))?;
            (count, bytes) = (count + 1, bytes + entry.len());
            let key = flat::read(&namespace, &id, LONGEST_KEY);
            page.entries.extend(key.map(|key| Scanned::new(key, entry)));
            if count == PAGE || bytes >= message::BYTES {
                page.next = Some(id.into_bytes());
                break;
            }
        }
        Ok(page)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        flat::shown(key, LONGEST_KEY)
    }

    async fn len(&self, namespace: &str) -> Result<u64> {
        self.link.entries().await?.count_documents(document::entries(document::within(namespace))).await.map_err(fault)
    }

    async fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let collection = self.link.entries().await?;
        let swept = collection.delete_many(document::expired(document::within(namespace), now)).await;
        Ok(swept.map_err(fault)?.deleted_count)
    }

    async fn lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        self.take_lease(key, owner, life).await
    }

    async fn put_leased(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>, token: &str) -> Result<bool> {
        self.put_under_lease(key, entry, expires, token).await
    }

    async fn end_lease(&self, key: &Key, token: Option<&str>) -> Result<()> {
        self.give_lease_back(key, token).await
    }

    async fn pace(&self, key: &Key, pace: Pace) -> Result<Duration> {
        self.take_call(key, pace).await
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("msgpack"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
