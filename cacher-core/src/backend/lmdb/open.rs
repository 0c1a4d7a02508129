//! Opening a store: from a path or from a URL.

use std::{borrow::Cow, io, path::PathBuf};

use super::{Lmdb, environment::Environment, fault::fault};
use crate::{
    backend::{
        Durability,
        local::{self, Opened, Place},
        url::{self, Url},
    },
    error::{Error, Kind, Result},
};

/// The environments of this process, by their real paths: LMDB allows each path once.
static ENVIRONMENTS: Opened<PathBuf, Environment> = Opened::new();

/// A store that is yet to be opened.
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    path: PathBuf,
    durability: Durability,
    format: Cow<'static, str>,
}

impl Lmdb {
    /// The store in the directory at `path`, which is made if it is missing, with those above it. A relative path is
    /// taken from the current directory, now.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::at(path).open()
    }

    /// A store in the directory at `path`, to be described further and [opened](Options::open).
    pub fn at(path: impl Into<PathBuf>) -> Options {
        let path = local::absolute(path.into());
        Options { path, durability: Durability::default(), format: Cow::Borrowed("msgpack") }
    }

    /// Opens `lmdb:///abs/dir` or `lmdb://./dir`, with the parameters `format` and `durability` (`process` or `power`).
    ///
    /// Everything between `//` and `?` is the path, with `%XX` for a byte.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL; else as [`Options::open`].
    pub fn from_url(url: &str) -> Result<Self> {
        let open = |url: &Url<'_>| {
            let Place { path, durability, format } = Place::of(url, "lmdb", &["format", "durability"])?;
            let mut options = Self::at(path).durability(durability);
            options.format = format.unwrap_or(options.format);
            options.open()
        };
        open(&Url::parse(url)?).map_err(|error| error.within(url::redact(url)))
    }
}

impl Options {
    /// What a write survives; by default the death of the process. A power loss leaves the file whole either way, and
    /// may else take back the last write.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// The format of entries; by default `msgpack`.
    pub fn format(self, format: impl Into<Cow<'static, str>>) -> Self {
        Self { format: format.into(), ..self }
    }

    /// Opens the environment, and makes what is missing of it.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the files there are not LMDB's; [`Kind::Unavailable`] if the directory can't be made or
    /// opened.
    pub fn open(self) -> Result<Lmdb> {
        let made = local::make_directory(&self.path).and_then(|()| local::real(&self.path));
        let path = made.map_err(|error: io::Error| {
            Error::new(Kind::Unavailable, format!("can't make {}", self.path.display())).caused_by(error)
        })?;
        let environment = ENVIRONMENTS.get_or_open(path.clone(), || Environment::open(&path)).map_err(fault)?;
        Ok(Lmdb { environment, path, durability: self.durability, format: self.format })
    }
}
