//! The connections of this process to one database: one that writes, and some that read.

use std::{
    fmt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::fault::fault;
use crate::{
    backend::Durability,
    error::Result,
    sync::{Mutex, lock},
};

/// How long a write waits for that of another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many idle connections are kept to read.
const READERS: usize = 4;
/// For the statements of some tables.
const STATEMENTS: usize = 64;

pub(super) struct Connections {
    path: PathBuf,
    durability: Durability,
    writer: Mutex<Connection>,
    /// Those not in use.
    readers: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connections").field(&self.path).field(&self.durability).finish()
    }
}

impl Connections {
    pub(super) fn open(path: &Path, durability: Durability) -> Result<Self> {
        let writer = connect(path, durability).map_err(fault)?;
        Ok(Self { path: path.to_owned(), durability, writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Does something with a connection of its own. Readers wait for nobody.
    pub(super) fn read<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let connection = idle.map_or_else(|| connect_to_read(&self.path), Ok).map_err(fault)?;
        let answer = act(&connection).map_err(fault)?;
        // One that has met an error is closed instead.
        let mut readers = lock(&self.readers);
        if readers.len() < READERS {
            readers.push(connection);
        }
        Ok(answer)
    }

    /// Does one statement's worth of writing.
    pub(super) fn write<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        act(&lock(&self.writer)).map_err(fault)
    }

    /// Does several statements, all or none.
    pub(super) fn transact<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut writer = lock(&self.writer);
        // One that began by reading would not wait for a writer.
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let answer = act(&transaction).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(answer)
    }
}

/// Not by URI: a path may hold any character.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, FLAGS | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    write_ahead(&connection)?;
    let synchronous = match durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, FLAGS)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Switches a new database to WAL mode. That does not wait for another process that does the same just then.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && start.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(2));
            }
            done => return done,
        }
    }
}
