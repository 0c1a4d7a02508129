//! The stores that are measured, and where they are.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cacher::backend::{Backend, bytes::Bytes, file::Files, json_file::JsonFile, lmdb::Lmdb, sqlite::Sqlite};

use super::driver::{Driver, File, Joint, Map, Mapped, Table};

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bytes,
    File,
    Joint,
    Sqlite,
    Lmdb,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Bytes, Self::File, Self::Joint, Self::Sqlite, Self::Lmdb];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bytes => "`memory://?format=..`",
            Self::File => "`file://`",
            Self::Joint => "`json://`",
            Self::Sqlite => "`sqlite://`",
            Self::Lmdb => "`lmdb://`",
        }
    }

    /// The store of the library, in a directory.
    pub(super) fn store(self, dir: &Path, format: &str) -> io::Result<Arc<dyn Backend>> {
        let (format, error) = (format.to_owned(), io::Error::other);
        Ok(match self {
            Self::Bytes => Arc::new(Bytes::new().format(format)),
            Self::File => Arc::new(Files::new(dir.join("ours")).format(format)),
            Self::Joint => Arc::new(JsonFile::new(dir.join("ours.json"))),
            Self::Sqlite => Arc::new(Sqlite::at(dir.join("ours.db")).format(format).open().map_err(error)?),
            Self::Lmdb => Arc::new(Lmdb::at(dir.join("ours")).format(format).open().map_err(error)?),
        })
    }

    /// What a program would use without the library, in the same directory.
    pub(super) fn driver(self, dir: &Path) -> io::Result<Box<dyn Driver>> {
        Ok(match self {
            Self::Bytes => Box::new(Map::default()),
            Self::File => Box::new(File::open(&dir.join("own"))?),
            Self::Joint => Box::new(Joint::open(dir.join("own.json"))),
            Self::Sqlite => Box::new(Table::open(&dir.join("own.db")).map_err(io::Error::other)?),
            Self::Lmdb => Box::new(Mapped::open(&dir.join("own")).map_err(io::Error::other)?),
        })
    }
}

/// The bytes that a directory and all below it take on the disk.
#[cfg(unix)]
pub(super) fn taken(dir: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;

    let mut sum = 0;
    let mut left: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(path) = left.pop() {
        let found = fs::metadata(&path)?;
        sum += found.blocks() * 512;
        if found.is_dir() {
            left.extend(fs::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?);
        }
    }
    Ok(sum)
}
