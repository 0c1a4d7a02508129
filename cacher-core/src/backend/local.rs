//! What stores at a path on this machine have in common.

use std::{
    borrow::Cow,
    convert::Infallible,
    fs::{self, DirBuilder, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use super::{
    Durability,
    url::{self, Url},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, Weak, lock},
};

/// What every URL of such a store says.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) durability: Durability,
    pub(super) format: Option<Cow<'static, str>>,
}

impl Place {
    /// Reads `scheme://path?format=..&durability=..`; the store reads what else it knows.
    pub(super) fn of(url: &Url<'_>, scheme: &str, known: &[&str]) -> Result<Self> {
        let invalid = |message: String| Err(Error::new(Kind::Invalid, message));
        if url.scheme != scheme {
            return invalid(format!("this store is {scheme}://, not {}://", url.scheme));
        }
        url.only(known)?;
        if url.rest.is_empty() {
            return invalid(format!("the path is missing: write `{scheme}:///abs/path` or `{scheme}://./path`"));
        }
        let format = match url.get("format") {
            Some("") => return invalid("the format is missing: write `format=msgpack`".into()),
            format => format.map(|format| Cow::Owned(format.to_owned())),
        };
        let durability = match url.get("durability") {
            None | Some("process") => Durability::Process,
            Some("power") => Durability::Power,
            Some(other) => return invalid(format!("the durability is `process` or `power`, not `{other}`")),
        };
        Ok(Self { path: url::decode(url.rest)?.into(), durability, format })
    }
}

/// The path from the root, now: one place has one name, by which functions that would share it are told apart.
pub(super) fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Makes the directory and those above it, for our user's eyes only.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes the directory of a file.
pub(super) fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), make_directory)
}

/// Options to write to a file, which is for our user's eyes only where it is made.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The path without links and detours, which must exist.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// What is open in this process, by its place: opened once, shared, and closed with its last user.
pub(super) struct Opened<K, T>(Mutex<Vec<(K, Weak<T>)>>);

impl<K: PartialEq, T> Opened<K, T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// What is there, or what `make` makes.
    pub(super) fn get_or_make(&self, place: K, make: impl FnOnce() -> T) -> Arc<T> {
        let Ok(shared) = self.get_or_open::<Infallible>(place, || Ok(make()));
        shared
    }

    /// What is open there, or what `open` opens. Only one is opened at a time.
    pub(super) fn get_or_open<E>(&self, place: K, open: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut all = lock(&self.0);
        all.retain(|(_, opened)| opened.strong_count() > 0);
        let found = all.iter().find(|(other, _)| *other == place).and_then(|(_, opened)| opened.upgrade());
        if let Some(found) = found {
            return Ok(found);
        }
        let opened = Arc::new(open()?);
        all.push((place, Arc::downgrade(&opened)));
        Ok(opened)
    }
}
