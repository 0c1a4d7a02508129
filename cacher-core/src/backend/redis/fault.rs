//! What went wrong with a server, as our error.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::error::{Error, Kind};

pub(super) fn fault(error: RedisError) -> Error {
    let (kind, message) = match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::NoPerm) => {
            (Kind::Rejected, "the server does not take it")
        }
        _ if error.code() == Some("OOM") => (Kind::Rejected, "the server is full"),
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => (Kind::Damaged, "the server answered something else"),
        ErrorKind::InvalidClientConfig => (Kind::Invalid, "this is no address of a server"),
        _ => (Kind::Unavailable, "the server could not be asked"),
    };
    Error::new(kind, message).caused_by(error)
}

/// Whether another connection may do better.
pub(super) fn is_lost(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || error.is_connection_dropped()
        // The primary has changed, or a former one has come back.
        || matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}
