//! When a file was last changed, as something that a cached value depends on.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

/// When a file was last changed, and how long it is: the same for as long as the file stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Modified {
    time: SystemTime,
    /// In bytes.
    length: u64,
}

/// When the file was last changed, for `depends_on = [cacher::modified(path)]`: the cached value holds while the file
/// is unchanged. `None` if there is no such file, or it can't be asked, which is a state of its own.
///
/// It asks the file system at each call, hits included. A file that is changed twice within the resolution of its file
/// system's clock (from nanoseconds to two seconds), and keeps its length, is taken for unchanged. A directory is
/// changed when a name in it comes or goes.
///
/// ```
/// use cacher_core::modified::modified;
///
/// assert_eq!(modified("Cargo.toml"), modified("Cargo.toml"));
/// assert_eq!(modified("no such file"), None);
/// ```
pub fn modified(path: impl AsRef<Path>) -> Option<Modified> {
    let about = fs::metadata(path).ok()?;
    Some(Modified { time: about.modified().ok()?, length: about.len() })
}

/// Seconds and nanoseconds, before 1970 counted from there, and the length.
impl Serialize for Modified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let since = self.time.duration_since(UNIX_EPOCH);
        let (after, time) = (since.is_ok(), since.unwrap_or_else(|before| before.duration()));
        (after, time.as_secs(), time.subsec_nanos(), self.length).serialize(serializer)
    }
}
