//! What went wrong with a server: what to do about it, and our error for it.

use std::borrow::Cow;

use sqlx::Error as SqlError;

use super::driver::Server;
use crate::error::{Error, Kind};

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no way to the server, or it lets nobody in.
    Unreachable,
    /// The connection is gone, or of no use any more. Another may do.
    Lost,
    /// Others were in the way. The same again may do.
    Clash,
    /// The table is missing.
    NoTable,
    /// The server answers, and does not do it.
    Refused,
    /// It has answered something that was not asked.
    Odd,
    /// The configuration is wrong.
    Invalid,
}

/// What went wrong, and what it means.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) fault: Fault,
    error: Error,
}

impl Failed {
    pub(super) fn new(fault: Fault, message: impl Into<Cow<'static, str>>) -> Self {
        Self { fault, error: Error::new(fault.kind(), message) }
    }

    /// Of what was done on a connection.
    pub(super) fn at_work<D: Server>(error: SqlError) -> Self {
        let fault = match &error {
            SqlError::Database(error) => D::fault(&**error),
            SqlError::Decode(_)
            | SqlError::ColumnDecode { .. }
            | SqlError::ColumnIndexOutOfBounds { .. }
            | SqlError::ColumnNotFound(_)
            | SqlError::TypeNotFound { .. } => Fault::Odd,
            SqlError::Encode(_) => Fault::Refused,
            _ => Fault::Lost,
        };
        Self::of(fault, error)
    }

    /// Of making a connection.
    pub(super) fn to_connect(error: SqlError) -> Self {
        let fault = if matches!(error, SqlError::Configuration(_)) { Fault::Invalid } else { Fault::Unreachable };
        Self::of(fault, error)
    }

    /// Of asking to be told of changes.
    #[cfg(feature = "postgres")]
    pub(super) fn to_listen(error: SqlError) -> Self {
        let failed = Self::at_work::<sqlx::Postgres>(error);
        match failed.fault {
            Fault::Refused => {
                let message = "the server does not tell of changes by others: write `coherence=off`";
                Self { error: Error::new(Kind::Rejected, message).caused_by(failed.error), ..failed }
            }
            _ => failed,
        }
    }

    fn of(fault: Fault, error: SqlError) -> Self {
        let message = match fault {
            Fault::Unreachable => "the server could not be reached",
            Fault::Lost => "the connection was lost",
            Fault::Clash => "others were in the way",
            Fault::NoTable => "the table is missing",
            Fault::Refused => "the server does not take it",
            Fault::Odd => "the server answered something else",
            Fault::Invalid => "this is no address of a server",
        };
        Self { fault, error: Error::new(fault.kind(), message).caused_by(error) }
    }
}

impl Fault {
    fn kind(self) -> Kind {
        match self {
            Self::Unreachable | Self::Lost => Kind::Unavailable,
            Self::Clash | Self::NoTable | Self::Refused => Kind::Rejected,
            Self::Odd => Kind::Damaged,
            Self::Invalid => Kind::Invalid,
        }
    }

    /// Whether the connection may be used again.
    pub(super) fn leaves_connection(self) -> bool {
        matches!(self, Self::Clash | Self::NoTable | Self::Refused)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}
