//! What went wrong with a server, as our error.

use mongodb::error::{ErrorKind, WriteFailure};

use crate::error::{Error, Kind};

/// The codes of a server that is busy with itself, or does not know us.
const NOT_NOW: [i32; 8] = [18, 24, 50, 91, 189, 11600, 11602, 13436];
/// The code of a key that is there already.
const DUPLICATE: i32 = 11000;

pub(super) fn fault(error: mongodb::error::Error) -> Error {
    let (kind, message) = match &*error.kind {
        ErrorKind::InvalidArgument { .. } => (Kind::Invalid, "this is no address of a server"),
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => (Kind::Damaged, "the server answered something else"),
        ErrorKind::Command(error) if !NOT_NOW.contains(&error.code) => (Kind::Rejected, "the server does not take it"),
        ErrorKind::Write(WriteFailure::WriteError(_)) => (Kind::Rejected, "the server does not take it"),
        _ => (Kind::Unavailable, "the server could not be asked"),
    };
    // The kind says it all; around it stands what the server answered, byte by byte.
    Error::new(kind, message).caused_by(*error.kind)
}

/// Whether a write failed because there is an entry under its key.
pub(super) fn is_present(error: &mongodb::error::Error) -> bool {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE,
        ErrorKind::Command(error) => error.code == DUPLICATE,
        _ => false,
    }
}
