//! The store `file://`: one file per entry, in one directory per function.
//!
//! ```text
//! <dir>/app-posts-fetch_posts-0123456789abcdef/       the function's path and a hash of its namespace
//!     6bd9…e1.json                                    an entry: the key's name and format
//!     6bd9…e1.bare.npy                                a bare value, in the format `npy+bare`
//!     .tmp-4711-0-89abcdef01234567                    an entry being written
//! ```
//! A name that is not safe as a file name, on any system, is replaced by `~` and its hash. One of several safe names
//! with `/` between them is a path below the directory.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use self::{
    dir::{Entry, Own},
    temp::Temp,
};
use super::{Backend, Capabilities, Cost, Key, Scanned};
use crate::{
    entry::Stamp,
    error::{Error, Kind, Result},
    sync::Arc,
};

pub use super::Durability;

mod dir;
mod name;
mod open;
mod temp;

/// How often a write makes its directory again, if other processes clear it away just then.
const TRIES: u64 = 8;

/// A directory with one file per entry, in [`readable JSON`](crate::envelope) unless another format is chosen.
///
/// Any number of processes may use the directory at once. A file appears under its name complete or not at all, and
/// only our user may read it. Nothing is opened or made before the first write; a missing directory is an empty store.
///
/// `put_if_absent` takes an expired entry for a present one until it is swept. It needs a file system with hard links.
///
/// # What is removed
/// `clear` and `sweep` remove an entry only if its file has a name that this library makes and holds an intact entry of
/// the namespace, or is a bare value by its name. A damaged one can't be proven ours, and stays until the cache stores its key again. Temporary files
/// that a dead process left are removed after an hour, or if they are from more than a day in the future.
///
/// A sweep that finds an expired entry looks once more before it removes the file. If another process puts a fresh
/// entry there just between the two, it is lost, which costs a load.
///
/// # Example
/// ```
/// use cacher_core::backend::file::{Durability, Files};
///
/// let files = Files::new("./.cache/posts").format("msgpack").durability(Durability::Power);
/// let same = Files::from_url("file://./.cache/posts?format=msgpack&durability=power")?;
/// # assert_eq!(format!("{files:?}"), format!("{same:?}"));
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Files {
    dir: PathBuf,
    durability: Durability,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
}

impl Files {
    /// The store in this directory, which is made when it is first written to. A relative path is taken from the
    /// current directory, now.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        // One directory has one name, by which functions that would share it are told apart.
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        Self { dir, durability: Durability::default(), format: None }
    }

    /// What a write survives; by default the death of the process.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// The format of entries, and the extension of their files; by default `json`.
    pub fn format(self, format: impl Into<Cow<'static, str>>) -> Self {
        Self { format: Some(format.into()), ..self }
    }

    fn directory(&self, namespace: &str) -> PathBuf {
        self.dir.join(name::directory(namespace))
    }

    /// The file system's error, saying what we were about to do with which path below ours.
    fn fault(&self, doing: &str, path: &Path, error: io::Error) -> Error {
        let path = path.strip_prefix(&self.dir).unwrap_or(path).display();
        Error::new(Kind::Unavailable, format!("can't {doing} {path}")).caused_by(error).within(self.describe())
    }

    /// Does something with the directory that the file of `key` is in, and the file.
    fn with<T>(&self, doing: &str, key: &Key, act: impl FnOnce(&Path, &Path) -> io::Result<T>) -> Result<T> {
        let dir = self.directory(&key.namespace);
        let path = dir.join(name::entry(&key.name, key.format));
        act(path.parent().unwrap_or(&dir), &path).map_err(|error| self.fault(doing, &path, error))
    }

    /// A complete temporary file in `dir`, which is made if it is missing.
    fn write(&self, dir: &Path, bytes: &[u8]) -> io::Result<Temp> {
        let mut temp = self.temp(dir)?;
        temp.fill(bytes, self.durability)?;
        Ok(temp)
    }

    fn temp(&self, dir: &Path) -> io::Result<Temp> {
        let mut made = self.create(dir);
        for pause in 0..TRIES {
            match made {
                Err(error) if is_race(&error) => {
                    // A directory can't be written to some time before it is seen to be gone.
                    thread::sleep(Duration::from_millis(pause));
                    made = self.create(dir);
                }
                done => return done,
            }
        }
        made
    }

    fn create(&self, dir: &Path) -> io::Result<Temp> {
        if !dir::exists(dir)? {
            match self.durability {
                Durability::Process => dir::create(dir)?,
                Durability::Power => dir::create_synced(dir)?,
            }
        }
        Temp::create(dir)
    }

    /// Makes the change of a name in `dir` as durable as was asked for.
    fn settle(&self, dir: &Path) -> io::Result<()> {
        match self.durability {
            Durability::Process => Ok(()),
            // If it is gone, another process has cleared it away since, and there is nothing to keep.
            Durability::Power => dir::sync(dir).map(Some).or_else(dir::unless_gone).map(|_| ()),
        }
    }

    /// Calls `act` with all of ours in `namespace` until it says `false`, and goes on after an error; returns the first one.
    fn each(&self, namespace: &str, act: &mut dyn FnMut(Own) -> io::Result<bool>) -> Result<()> {
        let dir = self.directory(namespace);
        let fault = |error| self.fault("look through", &dir, error);
        if !dir::exists(&dir).map_err(fault)? {
            return Ok(());
        }
        let Some(found) = dir::walk(&dir, namespace).map(Some).or_else(dir::unless_gone).map_err(fault)? else {
            return Ok(());
        };
        let mut failure = None;
        for own in found {
            match own.and_then(&mut *act) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => _ = failure.get_or_insert(error),
            }
        }
        failure.map_or(Ok(()), |error| Err(fault(error)))
    }

    /// Removes leftovers, and the entries that `remove` does; returns how many entries.
    fn purge(&self, namespace: &str, now: SystemTime, remove: impl Fn(&Entry) -> io::Result<bool>) -> Result<u64> {
        let mut entries = 0;
        let mut changed = BTreeSet::new();
        let outcome = self.each(namespace, &mut |own| {
            let removed = match &own {
                Own::Entry(entry) => remove(entry)?,
                Own::Temporary { path, modified } => dir::is_leftover(*modified, now) && dir::remove(path)?,
            };
            if removed {
                entries += u64::from(matches!(own, Own::Entry(_)));
                changed.extend(own.path().parent().map(Path::to_owned));
            }
            Ok(true)
        });
        // The deepest first.
        for dir in changed.iter().rev() {
            self.settle(dir).map_err(|error| self.fault("sync", dir, error))?;
            self.tidy(namespace, dir);
        }
        outcome.map(|()| entries)
    }

    /// Removes a directory that something was removed from, and those above it, if nothing is left there.
    ///
    /// A directory that was empty before is let be: a write of another process has just made it, and would never win
    /// against one that clears in a loop.
    fn tidy(&self, namespace: &str, dir: &Path) {
        let top = self.directory(namespace);
        let up = dir.ancestors().take_while(|above| above.starts_with(&top));
        // Fails if anything is left in it, which is right.
        up.map(fs::remove_dir).take_while(std::result::Result::is_ok).for_each(drop);
    }
}

/// Whether another process removed the directory while we made it or before we used it.
fn is_race(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists)
}

/// An entry in the directory of a namespace.
fn scanned(dir: &Path, namespace: &Arc<str>, entry: Entry) -> Option<Scanned> {
    let below: Option<Vec<_>> = entry.path().strip_prefix(dir).ok()?.iter().map(|part| part.to_str()).collect();
    let (key, written) = (key_at(namespace, &below?.join("/")), entry.modified());
    Some(Scanned::new(key, entry.bytes).written(written))
}

fn key_at(namespace: &Arc<str>, path: &str) -> Key {
    let (name, format) = name::read(path);
    Key { namespace: Arc::clone(namespace), name: name.into(), format }
}

impl Backend for Files {
    fn describe(&self) -> String {
        format!("file://{}", self.dir.display())
    }

    fn cost(&self) -> Cost {
        Cost::Blocking
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            put_if_absent: true,
            clear: true,
            scan: true,
            durable: true,
            shared: true,
            written: true,
            ..Capabilities::default()
        }
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.with("read", key, |_, path| fs::read(path).map(Some).or_else(dir::unless_gone))
    }

    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.with("write", key, |dir, path| {
            self.write(dir, entry)?.replace(path)?;
            self.settle(dir)
        })
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.with("remove", key, |dir, path| {
            let removed = dir::exists(dir)? && dir::remove(path)?;
            if removed {
                self.settle(dir)?;
                if dir != self.directory(&key.namespace) {
                    self.tidy(&key.namespace, dir);
                }
            }
            Ok(removed)
        })
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<bool> {
        self.with("write", key, |dir, path| {
            let put = self.write(dir, entry)?.settle(path)?;
            self.settle(dir)?;
            Ok(put)
        })
    }

    fn written(&self, key: &Key) -> Result<Option<SystemTime>> {
        self.with("read", key, |_, path| {
            fs::metadata(path).and_then(|found| found.modified()).map(Some).or_else(dir::unless_gone)
        })
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.purge(namespace, SystemTime::now(), Entry::remove)
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let (dir, space) = (self.directory(namespace), Arc::from(namespace));
        self.each(namespace, &mut |own| match own {
            Own::Entry(entry) => Ok(scanned(&dir, &space, entry).is_none_or(&mut *visit)),
            Own::Temporary { .. } => Ok(true),
        })
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        if name::is_plain(&key.name, key.format) {
            return Cow::Borrowed(key);
        }
        Cow::Owned(key_at(&key.namespace, &name::entry(&key.name, key.format)))
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let time = Stamp::from(now);
        self.purge(namespace, now, |entry| Ok(entry.header.times.keep_until < time && entry.remove_unless_replaced()?))
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("json"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}
