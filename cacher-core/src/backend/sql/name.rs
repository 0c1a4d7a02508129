//! What a connection is called at the server.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    process,
};

use crate::sync::{AtomicU64, OnceLock, Ordering};

/// A name that no other connection of any process has or had: letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn new() -> Self {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let process = PROCESS.get_or_init(|| RandomState::new().hash_one(process::id()));
        Self(format!("cacher-{process:016x}-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
