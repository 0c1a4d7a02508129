//! The drivers' own calls, as a program would make them that has no cache.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use heed::{
    CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions,
    types::{Bytes, Str},
};
use rusqlite::{Connection, OptionalExtension, params};

/// Bytes under a name.
pub(super) trait Driver {
    fn get(&self, name: &str) -> Option<Vec<u8>>;
    fn put(&self, name: &str, entry: &[u8]) -> bool;
}

/// A `HashMap`.
#[derive(Default)]
pub(super) struct Map(Mutex<HashMap<String, Vec<u8>>>);

impl Driver for Map {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: &str, entry: &[u8]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), entry.to_vec());
        true
    }
}

/// One file for each entry, replaced as a whole.
pub(super) struct File(PathBuf);

impl File {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self(dir.to_owned()))
    }
}

impl Driver for File {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.0.join(name)).ok()
    }

    fn put(&self, name: &str, entry: &[u8]) -> bool {
        replace(&self.0.join(".temporary"), &self.0.join(name), entry).is_ok()
    }
}

fn replace(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(temporary, bytes)?;
    fs::rename(temporary, path)
}

/// One file for all entries: a read asks whether it has changed, a write replaces it.
pub(super) struct Joint(PathBuf, Mutex<BTreeMap<String, Vec<u8>>>);

impl Joint {
    pub(super) fn open(path: PathBuf) -> Self {
        Self(path, Mutex::default())
    }
}

impl Driver for Joint {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        fs::metadata(&self.0).ok()?;
        self.1.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: &str, entry: &[u8]) -> bool {
        let mut entries = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        entries.insert(name.to_owned(), entry.to_vec());
        let mut all = vec![b'{'];
        for (name, entry) in &*entries {
            let comma = if all.len() > 1 { "," } else { "" };
            all.extend_from_slice(format!("{comma}\n\"{name}\":").as_bytes());
            all.extend_from_slice(entry);
        }
        all.push(b'}');
        replace(&self.0.with_extension("temporary"), &self.0, &all).is_ok()
    }
}

/// A table of SQLite, with one connection to read and one to write, as for any program with several threads.
pub(super) struct Table {
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
}

impl Table {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let writer = Connection::open(path)?;
        writer.pragma_update(None, "journal_mode", "wal")?;
        writer.pragma_update(None, "synchronous", "NORMAL")?;
        writer.execute_batch("CREATE TABLE own (name TEXT PRIMARY KEY, entry BLOB NOT NULL, expires INTEGER)")?;
        Ok(Self { reader: Mutex::new(Connection::open(path)?), writer: Mutex::new(writer) })
    }

    fn select(&self, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select = reader.prepare_cached("SELECT entry FROM own WHERE name = ?1")?;
        select.query_row([name], |row| row.get(0)).optional()
    }

    fn insert(&self, name: &str, entry: &[u8]) -> rusqlite::Result<usize> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut insert = writer.prepare_cached(
            "INSERT INTO own (name, entry, expires) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET entry = excluded.entry, expires = excluded.expires",
        )?;
        insert.execute(params![name, entry, 1_893_456_000_000_i64])
    }
}

impl Driver for Table {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.select(name).ok()?
    }

    fn put(&self, name: &str, entry: &[u8]) -> bool {
        self.insert(name, entry).is_ok()
    }
}

/// A database of LMDB, as durable as that of the library.
pub(super) struct Mapped {
    env: Env,
    entries: Database<'static, Str, Bytes>,
}

impl Mapped {
    #[expect(unsafe_code, reason = "no mapping of a file is safe by itself")]
    pub(super) fn open(dir: &Path) -> heed::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut options = EnvOpenOptions::new();
        options.map_size(64 << 20);
        // SAFETY: nothing else knows of the directory, which is a new one on a local disk.
        let env = unsafe { options.flags(EnvFlags::NO_META_SYNC).open(dir)? };
        let transaction = env.write_txn()?;
        let entries = env
            .create_databases_and_commit(transaction, |opener, transaction| {
                opener.create_database(transaction, None).map(CommitOrAbort::<_, ()>::Commit)
            })?
            .unwrap_commit();
        Ok(Self { env, entries })
    }

    fn insert(&self, name: &str, entry: &[u8]) -> heed::Result<()> {
        let mut transaction = self.env.write_txn()?;
        self.entries.put(&mut transaction, name, entry)?;
        transaction.commit()
    }
}

impl Driver for Mapped {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        let transaction = self.env.read_txn().ok()?;
        self.entries.get(&transaction, name).ok()?.map(<[u8]>::to_vec)
    }

    fn put(&self, name: &str, entry: &[u8]) -> bool {
        self.insert(name, entry).is_ok()
    }
}
