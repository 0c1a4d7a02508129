//! What LMDB's errors come to.

use heed::{Error as HeedError, MdbError};

use crate::error::{Error, Kind};

/// The error of the environment, with what can be done about it.
pub(super) fn fault(error: HeedError) -> Error {
    let kind = match &error {
        HeedError::Mdb(MdbError::Corrupted | MdbError::PageNotFound | MdbError::Panic) => Kind::Damaged,
        HeedError::Mdb(MdbError::Invalid | MdbError::VersionMismatch | MdbError::Incompatible) => Kind::Invalid,
        _ => Kind::Unavailable,
    };
    Error::new(kind, "the environment failed").caused_by(error)
}
