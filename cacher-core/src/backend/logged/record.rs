//! One operation of a backend, as it is told.

use std::{fmt, time::Duration};

use crate::error::Error;

/// An operation that is done.
///
/// Its `Display` is one line: `get my_crate::posts::fetch 9f86..: 120 bytes in 13µs (file:///var/cache)`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The method of [`Backend`](crate::backend::Backend): `"get"`.
    pub operation: &'static str,
    /// The store in a few words; a URL comes without its password.
    pub store: &'a str,
    /// The namespace of the function; of the first entry, where there are many.
    pub namespace: &'a str,
    /// The name of the entry, for an operation on a single one.
    pub key: Option<&'a str>,
    /// What it came to.
    pub outcome: Outcome<'a>,
    /// How long it took.
    pub time: Duration,
}

/// What an operation of a backend came to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// Nothing was there.
    Absent,
    /// An entry of so many bytes was read or written.
    Bytes(usize),
    /// Whether something was done.
    Said(bool),
    /// So many entries were found, written or removed.
    Entries(u64),
    /// It failed.
    Failed(&'a Error),
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, store, namespace, key, outcome, time } = self;
        write!(f, "{operation} {namespace}")?;
        if let Some(key) = key {
            write!(f, " {key}")?;
        }
        write!(f, ": {outcome} in {time:?} ({store})")
    }
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Self::Said(done) => f.write_str(if *done { "done" } else { "not done" }),
            Self::Entries(count) => write!(f, "{count} entries"),
            Self::Failed(error) => write!(f, "failed, {error},"),
        }
    }
}
