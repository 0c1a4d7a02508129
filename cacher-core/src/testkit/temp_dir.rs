use std::{
    env, fs,
    hash::{BuildHasher, Hasher, RandomState},
    path::{Path, PathBuf},
};

/// A new empty directory, removed with all that is in it when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes a directory in the system's place for temporary ones.
    ///
    /// # Panics
    /// If it can't be made.
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        let random = RandomState::new().build_hasher().finish();
        let path = env::temp_dir().join(format!("cacher-test-{random:016x}"));
        match fs::create_dir(&path) {
            Ok(()) => Self(path),
            Err(error) => panic!("can't make {}: {error}", path.display()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // What stays is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
