//! A complete file under a temporary name, and its two ways to a final one.

use std::{
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    mem,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Durability, name};

/// A file of ours under a temporary name; dropping it removes it.
pub(super) struct Temp {
    path: PathBuf,
    file: Option<File>,
}

impl Temp {
    /// A new empty file in `dir`, for our user's eyes only.
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
        let random = RandomState::new().build_hasher().finish();
        let path = dir.join(name::temporary(counter, random));
        let file = Some(private().open(&path)?);
        Ok(Self { path, file })
    }

    /// Writes all of it, and closes it: some systems rename no open file.
    pub(super) fn fill(&mut self, bytes: &[u8], durability: Durability) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.write_all(bytes)?;
        match durability {
            Durability::Process => Ok(()),
            Durability::Power => file.sync_all(),
        }
    }

    /// Gives it its name, in place of a file that has it. A symbolic link there is replaced, not followed.
    pub(super) fn replace(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        mem::take(&mut self.path);
        Ok(())
    }

    /// Gives it its name if no file has it, and says whether it did.
    pub(super) fn settle(self, target: &Path) -> io::Result<bool> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        self.file = None;
        if !self.path.as_os_str().is_empty() {
            // A sweep removes it later if this fails.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
