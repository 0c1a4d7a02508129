//! What SQLite's errors come to.

use rusqlite::{Error as SqliteError, ErrorCode};

use crate::error::{Error, Kind};

/// The error of the database, with what can be done about it.
pub(super) fn fault(error: SqliteError) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => Kind::Damaged,
        Some(ErrorCode::NotADatabase) => Kind::Invalid,
        Some(ErrorCode::TooBig) => Kind::Unstorable,
        _ => Kind::Unavailable,
    };
    Error::new(kind, "the database failed").caused_by(error)
}
