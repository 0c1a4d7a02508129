//! What went wrong with a server, as our error.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::error::{Error, Kind};

pub(super) fn fault(error: RedisError) -> Error {
    let (kind, message) = match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::NoPerm | ServerErrorKind::ExecAbort) => {
            (Kind::Rejected, "the server does not take it")
        }
        _ if error.code() == Some("OOM") => (Kind::Rejected, "the server is full"),
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse => (Kind::Damaged, "the server answered something else"),
        ErrorKind::InvalidClientConfig => (Kind::Invalid, "this is no address of a server"),
        _ => (Kind::Unavailable, "the server could not be asked"),
    };
    Error::new(kind, message).caused_by(error)
}

/// Whether another connection may do better; also where the server is no primary any more, if another may be found.
pub(super) fn is_lost(error: &RedisError, moves: bool) -> bool {
    error.is_unrecoverable_error()
        || error.is_connection_dropped()
        || moves && matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}
