//! A file, and what this process knows of it.

use std::{
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{Content, lock as lock_file};
use crate::{
    backend::{Durability, local},
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, lock},
};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    durability: Durability,
    /// What was read last.
    current: Mutex<Option<Version>>,
    /// Held by the thread of this process that writes.
    writing: Mutex<()>,
}

/// One state of the file.
#[derive(Debug)]
struct Version {
    seen: Seen,
    content: Result<Arc<Content>>,
    /// Kept open, so that no later file can be taken for this one by its number.
    _file: File,
}

/// What tells a state of the file from another.
#[derive(Debug, PartialEq)]
struct Seen {
    inode: Option<u64>,
    length: u64,
    modified: Option<SystemTime>,
}

impl Shared {
    pub(super) fn new(path: PathBuf, durability: Durability) -> Self {
        Self { path, durability, current: Mutex::default(), writing: Mutex::default() }
    }

    /// What is in the file now.
    pub(super) fn content(&self) -> Result<Arc<Content>> {
        let mut current = lock(&self.current);
        let seen = match fs::metadata(&self.path) {
            Ok(found) => Seen::from(&found),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                *current = None;
                return Ok(Arc::default());
            }
            Err(error) => return Err(self.fault("look at", error)),
        };
        if let Some(version) = current.as_ref().filter(|version| version.seen == seen) {
            return version.content.clone();
        }
        // Read under the lock: others would only do the same.
        let version = Version::read(&self.path).map_err(|error| self.fault("read", error))?;
        current.insert(version).content.clone()
    }

    /// The same; of a damaged file nothing.
    pub(super) fn intact(&self) -> Result<Arc<Content>> {
        self.content().or_else(|error| if error.kind() == Kind::Damaged { Ok(Arc::default()) } else { Err(error) })
    }

    /// Changes the file, and nobody else does meanwhile. `change` says whether there is anything to write.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Content) -> (bool, T)) -> Result<T> {
        let _first_here = lock(&self.writing);
        local::make_parent(&self.path).map_err(|error| self.fault("make the directory of", error))?;
        let _first_of_all = lock_file::take(&self.beside("lock")).map_err(|error| self.fault("lock", error))?;
        let mut content = match self.content() {
            Err(error) if error.kind() == Kind::Damaged => {
                self.move_aside().map_err(|error| self.fault("move aside", error))?;
                Arc::default()
            }
            content => content?,
        };
        let (changed, answer) = change(Arc::make_mut(&mut content));
        if changed {
            let version = self.replace(content).map_err(|error| self.fault("write", error))?;
            let earlier = lock(&self.current).replace(version);
            drop(earlier);
        }
        Ok(answer)
    }

    /// Replaces the file as a whole.
    fn replace(&self, content: Arc<Content>) -> io::Result<Version> {
        // Who has the lock is the only one who writes: what stands there was left by a process that died.
        let temporary = self.beside("tmp");
        fs::remove_file(&temporary).or_else(unless_gone)?;
        let mut file = local::private().read(true).create_new(true).open(&temporary)?;
        let written = file.write_all(&content.write()).and_then(|()| match self.durability {
            Durability::Process => Ok(()),
            Durability::Power => file.sync_all(),
        });
        let renamed = written.and_then(|()| fs::rename(&temporary, &self.path));
        if renamed.is_err() {
            // The next write removes it if this fails.
            let _ = fs::remove_file(&temporary);
        }
        renamed?;
        self.settle()?;
        Ok(Version { seen: Seen::from(&file.metadata()?), content: Ok(content), _file: file })
    }

    /// Makes the change of a name as durable as was asked for, where directories can be synced.
    fn settle(&self) -> io::Result<()> {
        match (self.durability, self.path.parent()) {
            (Durability::Power, Some(dir)) if cfg!(unix) => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// What is no JSON may still be somebody's.
    fn move_aside(&self) -> io::Result<()> {
        fs::rename(&self.path, self.beside("damaged")).or_else(unless_gone)
    }

    /// `cache.json.lock`
    fn beside(&self, extension: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(extension);
        self.path.with_file_name(name)
    }

    fn fault(&self, doing: &str, error: io::Error) -> Error {
        let name = self.path.file_name().unwrap_or_default().display();
        Error::new(Kind::Unavailable, format!("can't {doing} {name}")).caused_by(error)
    }
}

impl Version {
    fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (seen, mut bytes) = (Seen::from(&file.metadata()?), Vec::new());
        file.read_to_end(&mut bytes)?;
        let content = Content::read(&bytes).map(Arc::new);
        Ok(Self { seen, content, _file: file })
    }
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

fn unless_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
