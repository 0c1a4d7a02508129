//! The directory of one namespace: made, synced and walked through.

use std::{
    fs::{self, DirEntry, File, Metadata, ReadDir},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::name;
pub(super) use crate::backend::local::make_directory as create;
use crate::{
    entry::{Stamp, Times},
    envelope::{self, Header},
};

/// A write takes moments; what has been temporary for so long was left by a process that died.
const LEFTOVER_AFTER: Duration = Duration::from_secs(60 * 60);
/// A file from the future is young if clocks of two machines differ a little, and a leftover if a clock jumped back.
const CLOCKS_DIFFER: Duration = Duration::from_secs(24 * 60 * 60);

/// Something in a directory that this library is proven to have written.
pub(super) enum Own {
    Entry(Entry),
    /// A temporary file, maybe still being written.
    Temporary {
        path: PathBuf,
        modified: SystemTime,
    },
}

impl Own {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Entry(Entry { path, .. }) | Self::Temporary { path, .. } => path,
        }
    }
}

/// An intact entry of the namespace.
pub(super) struct Entry {
    path: PathBuf,
    /// The file that was read.
    seen: Seen,
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
}

/// Whether there is a directory at `path`. Something else there, a symbolic link too, is an error.
pub(super) fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// As [`create`], and lets it survive a power loss.
pub(super) fn create_synced(path: &Path) -> io::Result<()> {
    let stood = path.ancestors().find(|above| above.is_dir()).map(Path::to_owned);
    create(path)?;
    for above in path.ancestors().skip(1) {
        sync(above)?;
        if stood.as_deref() == Some(above) {
            break;
        }
    }
    Ok(())
}

/// Lets names made and removed in the directory survive a power loss, where directories can be synced.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

/// All of ours in the directory at `path` and below, in any order.
pub(super) fn walk<'a>(path: &Path, namespace: &'a str) -> io::Result<Walk<'a>> {
    Ok(Walk { namespace, levels: vec![fs::read_dir(path)?] })
}

/// What [`walk`] goes through.
pub(super) struct Walk<'a> {
    namespace: &'a str,
    /// Each in the one before.
    levels: Vec<ReadDir>,
}

impl Iterator for Walk<'_> {
    type Item = io::Result<Own>;

    fn next(&mut self) -> Option<io::Result<Own>> {
        loop {
            let Some(found) = self.levels.last_mut()?.next() else {
                self.levels.pop();
                continue;
            };
            if let Some(own) = found.and_then(|found| self.look_at(&found)).or_else(unless_gone).transpose() {
                return Some(own);
            }
        }
    }
}

impl Walk<'_> {
    fn look_at(&mut self, found: &DirEntry) -> io::Result<Option<Own>> {
        let is_directory = found.file_name().to_str().is_some_and(name::is_directory);
        if is_directory && self.levels.len() <= name::DEEPEST && found.file_type()?.is_dir() {
            self.levels.push(fs::read_dir(found.path())?);
            return Ok(None);
        }
        own(found, self.namespace)
    }
}

fn own(found: &DirEntry, namespace: &str) -> io::Result<Option<Own>> {
    let (path, name) = (found.path(), found.file_name());
    let Some(name) = name.to_str() else { return Ok(None) };
    let (entry, temporary) = (name::is_entry(name), name::is_temporary(name));
    if !(entry || temporary) || !found.file_type()?.is_file() {
        return Ok(None);
    }
    if temporary {
        let modified = found.metadata()?.modified()?;
        return Ok(Some(Own::Temporary { path, modified }));
    }
    let mut file = File::open(&path)?;
    let (seen, mut bytes) = (Seen::from(&file.metadata()?), Vec::new());
    file.read_to_end(&mut bytes)?;
    let header = if name::is_bare(name) { Some(bare(namespace)) } else { envelope::inspect(&bytes) };
    let header = header.filter(|header| is_of(&header.namespace, namespace));
    Ok(header.map(|header| Own::Entry(Entry { path, seen, header, bytes })))
}

/// What is known of a value without an envelope: that its name and its directory are ours.
fn bare(namespace: &str) -> Header {
    let (ever, never) = (Stamp(0), Stamp::NEVER);
    let times =
        Times { load_began: ever, created: ever, fresh_until: never, keep_until: never, load_time: Duration::ZERO };
    Header { namespace: namespace.to_owned(), key: Vec::new(), times }
}

impl Entry {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// When its file was written.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.seen.modified
    }

    /// Removes it, and says whether it was there.
    pub(super) fn remove(&self) -> io::Result<bool> {
        remove(&self.path)
    }

    /// Removes it unless another was put in its place meanwhile, and says whether it did.
    ///
    /// No file system offers both in one step: an entry put between the two is lost, and costs a load.
    pub(super) fn remove_unless_replaced(&self) -> io::Result<bool> {
        match fs::symlink_metadata(&self.path) {
            Ok(now) if self.seen == Seen::from(&now) => self.remove(),
            Ok(_) => Ok(false),
            Err(error) => unless_gone(error).map(|_: Option<()>| false),
        }
    }
}

/// Whether a temporary file of this time was left by a process that died.
pub(super) fn is_leftover(modified: SystemTime, now: SystemTime) -> bool {
    match now.duration_since(modified) {
        Ok(age) => age >= LEFTOVER_AFTER,
        Err(ahead) => ahead.duration() > CLOCKS_DIFFER,
    }
}

/// Removes a file, and says whether it was there.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) => unless_gone(error).map(|_: Option<()>| false),
    }
}

/// Nothing, if the error says that what was just listed is there no more.
pub(super) fn unless_gone<T>(error: io::Error) -> io::Result<Option<T>> {
    if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error) }
}

/// What tells a file from another that took its name.
#[derive(PartialEq)]
struct Seen {
    inode: Option<u64>,
    length: u64,
    modified: Option<SystemTime>,
}

impl From<&Metadata> for Seen {
    fn from(found: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = Some(std::os::unix::fs::MetadataExt::ino(found));
        #[cfg(not(unix))]
        let inode = None;
        Self { inode, length: found.len(), modified: found.modified().ok() }
    }
}

/// Whether a function's entry may stand in the directory of a namespace: its own, or one that a wrapper made of it by
/// writing something before or behind it.
fn is_of(function: &str, namespace: &str) -> bool {
    namespace.starts_with(function) || namespace.ends_with(function)
}
