//! What a walk through a store shows.

use std::time::SystemTime;

use super::Key;

/// One entry as [`Backend::scan`](super::Backend::scan) shows it.
///
/// ```
/// use std::time::SystemTime;
/// use cacher_core::backend::{Key, Scanned};
///
/// let key = Key { namespace: "app::fetch".into(), name: "6bd9".into(), format: "json" };
/// let scanned = Scanned::new(key, b"entry".to_vec()).written(SystemTime::UNIX_EPOCH);
/// assert_eq!(scanned.size(), 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scanned {
    /// Finds this entry by `get` and `remove`; what [`Backend::shown`](super::Backend::shown) makes of the key that
    /// it was put under.
    pub key: Key,
    /// The sealed entry.
    pub entry: Vec<u8>,
    /// When it was put, where the store knows; what is sealed in the entry says when its value was stored first.
    pub written: Option<SystemTime>,
}

impl Scanned {
    /// An entry of which the store does not know when it was put.
    #[must_use]
    pub fn new(key: Key, entry: Vec<u8>) -> Self {
        Self { key, entry, written: None }
    }

    /// The same, and when it was put.
    #[must_use]
    pub fn written(self, time: impl Into<Option<SystemTime>>) -> Self {
        Self { written: time.into(), ..self }
    }

    /// How many bytes are stored.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entry.len() as u64
    }
}
