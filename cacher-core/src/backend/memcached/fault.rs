//! What went wrong with a server, as our error.

use std::io;

use super::codec::{Garbled, Reply};
use crate::error::{Error, Kind};

/// The connection is lost, or was never made.
pub(super) fn lost(error: io::Error) -> Error {
    Error::new(Kind::Unavailable, "the server could not be asked").caused_by(error)
}

pub(super) fn garbled(_: Garbled) -> Error {
    Error::new(Kind::Damaged, "the server answered something that is not the protocol of memcached")
}

/// A reply that is no answer to what was asked.
pub(super) fn refused(reply: &Reply) -> Error {
    match reply {
        Reply::Refused(line) if line.contains("too large") => Error::new(
            Kind::Rejected,
            "the entry is larger than the server takes: raise its limit (`memcached -I 8m`), or compress",
        ),
        Reply::Refused(line) => Error::new(Kind::Rejected, format!("the server does not take it: {line}")),
        Reply::Failed(line) if line.contains("unauthenticated") => {
            Error::new(Kind::Unavailable, "the server wants a user and a password")
        }
        Reply::Failed(line) if line == "ERROR" => {
            Error::new(Kind::Rejected, "the server does not know the meta commands, which came with memcached 1.6")
        }
        Reply::Failed(line) => Error::new(Kind::Rejected, format!("the server does not understand: {line}")),
        _ => Error::new(Kind::Damaged, "the server answered something else"),
    }
}
