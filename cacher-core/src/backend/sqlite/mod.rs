//! The store `sqlite://`: one row per entry, in a table of a SQLite database.
//!
//! ```sql
//! CREATE TABLE "cacher" (
//!     namespace TEXT NOT NULL, name TEXT NOT NULL, format TEXT NOT NULL,
//!     entry BLOB NOT NULL,
//!     expires INTEGER,            -- milliseconds since the Unix epoch; NULL is never
//!     PRIMARY KEY (namespace, name, format)
//! );
//! CREATE INDEX "cacher_expires" ON "cacher" (namespace, expires) WHERE expires IS NOT NULL;
//! ```

use std::{borrow::Cow, path::PathBuf, time::SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use self::{connections::Connections, sql::Statements};
use super::{Backend, Capabilities, Cost, Key, Put, Scanned};
use crate::{entry::Stamp, error::Result, interned::interned, sync::Arc};

mod connections;
mod fault;
mod open;
mod sql;

pub use open::Options;

/// A table of a SQLite database, in WAL mode. Entries are MessagePack unless another format is chosen.
///
/// Any number of processes may use the database at once; a write waits up to five seconds for that of another. Within
/// a process the functions that use one database share its connections: one to write, and up to four to read.
/// The database may be that of an application, whose tables are not touched. It must not be on a network file system.
///
/// `put_if_absent` takes an expired entry for a present one until it is swept. `put_many` puts all or none. The file
/// does not shrink when entries are removed: their room is used again.
///
/// # Example
/// ```
/// # let dir = cacher_core::testkit::TempDir::new();
/// # std::env::set_current_dir(dir.path()).expect("there");
/// use cacher_core::backend::sqlite::Sqlite;
///
/// let store = Sqlite::open("cache.db")?;
/// let posts = Sqlite::at("cache.db").table("posts").format("json").open()?;
/// let same = Sqlite::from_url("sqlite://cache.db?table=posts&format=json")?;
/// # assert_eq!(format!("{posts:?}"), format!("{same:?}"));
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Sqlite {
    connections: Arc<Connections>,
    statements: Arc<Statements>,
    path: PathBuf,
    table: String,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
}

/// How many rows are read or removed at a time, where there may be many.
const BATCH: u16 = 256;

impl Sqlite {
    fn insert(&self, connection: &Connection, key: &Key, entry: &[u8], expires: Option<i64>) -> rusqlite::Result<()> {
        let mut put = connection.prepare_cached(&self.statements.put)?;
        put.execute(params![key.namespace, key.name, key.format, entry, expires]).map(drop)
    }

    fn select(&self, connection: &Connection, key: &Key) -> rusqlite::Result<Option<Vec<u8>>> {
        let mut get = connection.prepare_cached(&self.statements.get)?;
        get.query_row(params![key.namespace, key.name, key.format], |row| row.get(0)).optional()
    }

    /// The entries that follow a name and format, and the last one's.
    fn page(&self, connection: &Connection, namespace: &str, (name, format): &Place) -> rusqlite::Result<Page> {
        let mut page = connection.prepare_cached(&self.statements.page)?;
        let rows = page
            .query_map(params![namespace, BATCH, name, format], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        rows.collect()
    }
}

/// Where an entry is in its namespace: name and format.
type Place = (String, String);
type Page = Vec<(Place, Vec<u8>)>;

fn milliseconds(time: SystemTime) -> i64 {
    i64::try_from(Stamp::from(time).0).unwrap_or(i64::MAX)
}

impl Backend for Sqlite {
    fn describe(&self) -> String {
        format!("sqlite://{}?table={}", self.path.display(), self.table)
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
        self.connections.read(|connection| self.select(connection, key))
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.connections.write(|connection| self.insert(connection, key, entry, expires.map(milliseconds)))
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.connections.write(|connection| {
            let mut remove = connection.prepare_cached(&self.statements.remove)?;
            Ok(remove.execute(params![key.namespace, key.name, key.format])? > 0)
        })
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        self.connections.read(|connection| {
            // One transaction, and so one state of the table.
            let transaction = connection.unchecked_transaction()?;
            keys.iter().map(|key| self.select(&transaction, key)).collect()
        })
    }

    fn put_many(&self, entries: &[Put]) -> Result<()> {
        self.connections.transact(|connection| {
            entries
                .iter()
                .try_for_each(|put| self.insert(connection, &put.key, &put.entry, put.expires.map(milliseconds)))
        })
    }

    fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        self.connections.transact(|connection| {
            let mut remove = connection.prepare_cached(&self.statements.remove)?;
            let mut removed = 0;
            for key in keys {
                removed += remove.execute(params![key.namespace, key.name, key.format])? as u64;
            }
            Ok(removed)
        })
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let expires = expires.map(milliseconds);
        self.connections.write(|connection| {
            let mut put = connection.prepare_cached(&self.statements.put_if_absent)?;
            Ok(put.execute(params![key.namespace, key.name, key.format, entry, expires])? > 0)
        })
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let expires = expires.map(milliseconds);
        self.connections.write(|connection| {
            let mut touch = connection.prepare_cached(&self.statements.touch)?;
            Ok(touch.execute(params![key.namespace, key.name, key.format, expires])? > 0)
        })
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.connections.write(|connection| {
            let mut clear = connection.prepare_cached(&self.statements.clear)?;
            Ok(clear.execute([namespace])? as u64)
        })
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        // Before every entry: no format has an empty name.
        let (mut after, space) = (Place::default(), Arc::from(namespace));
        loop {
            // Visited between reads: `visit` may use the store itself.
            let page = self.connections.read(|connection| self.page(connection, namespace, &after))?;
            let is_last = page.len() < usize::from(BATCH);
            for (place, entry) in page {
                let (name, format) = (place.0.as_str().into(), interned(&place.1));
                after = place;
                if !visit(Scanned::new(Key { namespace: Arc::clone(&space), name, format }, entry)) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn len(&self, namespace: &str) -> Result<u64> {
        self.connections.read(|connection| {
            let mut len = connection.prepare_cached(&self.statements.len)?;
            let count: i64 = len.query_row([namespace], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let mut swept = 0;
        loop {
            // Some at a time, so that others need not wait long to write.
            let removed = self.connections.write(|connection| {
                let mut sweep = connection.prepare_cached(&self.statements.sweep)?;
                sweep.execute(params![namespace, milliseconds(now), BATCH])
            })?;
            swept += removed as u64;
            if removed < usize::from(BATCH) {
                return Ok(swept);
            }
        }
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("msgpack"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
