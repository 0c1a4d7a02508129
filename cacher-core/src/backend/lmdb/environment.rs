//! An LMDB environment, opened once in this process, whose map grows when it is full.

use std::{
    fmt,
    fs::File,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use heed::{
    CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, Error as HeedError, MdbError, RoTxn, RwTxn, WithoutTls,
    types::Bytes,
};

use super::fault::fault;
use crate::{
    error::Result,
    sync::{RwLock, read, write},
};

pub(super) type Entries = Database<'static, Bytes, Bytes>;

/// The database with our entries, in an environment that may have others.
const NAME: &str = "cacher";
const DATABASES: u32 = 16;
/// How many reads may run at once, in all processes.
const READERS: u32 = 512;
/// Small, and grown by doubling: so each machine takes it, and growing is no rare event.
const FIRST_SIZE: usize = 1 << 20;

pub(super) struct Environment {
    env: Env<WithoutTls>,
    entries: Entries,
    /// Transactions share it; who changes the size of the map has it alone.
    map: RwLock<()>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.env.path()).finish()
    }
}

/// What is to be done about an error before the next attempt.
enum Remedy {
    Grow { from: usize },
    Adopt,
    ForgetDead,
}

impl Environment {
    /// Opens the directory, which must exist.
    pub(super) fn open(path: &Path) -> heed::Result<Self> {
        let env = open(path)?;
        env.clear_stale_readers()?;
        // It keeps out who would lengthen the file meanwhile.
        let transaction = env.write_txn()?;
        lengthen(&env)?;
        let entries = env
            .create_databases_and_commit(transaction, |opener, transaction| {
                opener.create_database(transaction, Some(NAME)).map(CommitOrAbort::<_, ()>::Commit)
            })?
            .unwrap_commit();
        Ok(Self { env, entries, map: RwLock::new(()) })
    }

    pub(super) fn read<T>(&self, act: impl Fn(&RoTxn<'_>, Entries) -> heed::Result<T>) -> Result<T> {
        self.attempt(|| act(&*self.env.read_txn()?, self.entries))
    }

    /// Does all that `act` does, or nothing of it. `act` may run several times.
    pub(super) fn write<T>(&self, act: impl Fn(&mut RwTxn<'_>, Entries) -> heed::Result<T>) -> Result<T> {
        self.attempt(|| {
            let mut transaction = self.env.write_txn()?;
            let answer = act(&mut transaction, self.entries)?;
            transaction.commit()?;
            Ok(answer)
        })
    }

    /// Waits until all that was written is on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.env.force_sync().map_err(fault)
    }

    fn attempt<T>(&self, act: impl Fn() -> heed::Result<T>) -> Result<T> {
        let mut forgotten = false;
        loop {
            let remedy = match self.try_once(&act) {
                Err((HeedError::Mdb(MdbError::MapFull), from)) => Remedy::Grow { from },
                Err((HeedError::Mdb(MdbError::MapResized), _)) => Remedy::Adopt,
                Err((HeedError::Mdb(MdbError::ReadersFull), _)) if !std::mem::replace(&mut forgotten, true) => {
                    Remedy::ForgetDead
                }
                done => return done.map_err(|(error, _)| fault(error)),
            };
            self.apply(&remedy).map_err(fault)?;
        }
    }

    /// An error comes with the size of the map that it was met with.
    fn try_once<T>(&self, act: impl Fn() -> heed::Result<T>) -> std::result::Result<T, (HeedError, usize)> {
        let _shared = read(&self.map);
        act().map_err(|error| (error, self.env.info().map_size))
    }

    fn apply(&self, remedy: &Remedy) -> heed::Result<()> {
        let _alone = write(&self.map);
        match *remedy {
            Remedy::Grow { from } => {
                let size = self.env.info().map_size;
                // Unless another thread has done it.
                if size > from { Ok(()) } else { self.resize(size.saturating_mul(2)) }
            }
            // Another process has grown it.
            Remedy::Adopt => self.resize(0),
            Remedy::ForgetDead => self.env.clear_stale_readers().map(drop),
        }
    }

    /// To a number of bytes, or to what the file says if that is 0. Only [`apply`](Self::apply) calls it.
    #[expect(unsafe_code, reason = "LMDB can't see whether a transaction is open")]
    fn resize(&self, size: usize) -> heed::Result<()> {
        // SAFETY: no transaction of this process is open. Each lives within one call of `try_once`, which shares the
        // lock that our caller has alone, and nobody else has this `Env`.
        unsafe { self.env.resize(size) }
    }
}

/// How long an environment of this process may take to close that was the last user's just now.
const CLOSING: Duration = Duration::from_secs(1);

fn open(path: &Path) -> heed::Result<Env<WithoutTls>> {
    let start = Instant::now();
    loop {
        match map(path) {
            Err(HeedError::EnvAlreadyOpened) if start.elapsed() < CLOSING => thread::sleep(Duration::from_millis(1)),
            done => return done,
        }
    }
}

/// Makes the file as long as it says of itself that it is: to read the map beyond its end would end the process. What
/// was cut off is zeros then, and so damaged; where the last pages are not in use the file may well be shorter.
fn lengthen(env: &Env<WithoutTls>) -> heed::Result<()> {
    let pages = env.info().last_page_number as u64 + 1;
    let length = pages.saturating_mul(u64::from(env.unnamed_database_stat().page_size));
    if env.real_disk_size()? < length {
        File::options().write(true).open(env.path().join("data.mdb"))?.set_len(length)?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "no mapping of a file is safe by itself")]
fn map(path: &Path) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(FIRST_SIZE).max_dbs(DATABASES).max_readers(READERS);
    // SAFETY: what changes the file is LMDB, in any process, under its locks, which we leave on; that nothing else
    // does, and that the file system is a local one, is said in the documentation of `Lmdb`. heed refuses to open one
    // path twice in a process. `NO_META_SYNC` leaves the file whole after a power loss: data are synced before the
    // page that makes them count, and that page's loss takes back the last transaction.
    unsafe { options.flags(EnvFlags::NO_META_SYNC).open(PathBuf::from(path)) }
}
