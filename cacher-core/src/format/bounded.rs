//! Reading what was compressed, of which a little can be very much.

use std::io::Read;

use super::damaged;
use crate::error::{Error, Kind, Result};

/// All that `decoder` makes of what it reads, if it is at most `most` bytes.
pub(super) fn read(name: &str, decoder: impl Read, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = decoder.take(most.saturating_add(1)).read_to_end(&mut bytes);
    match read {
        Err(_) => Err(damaged(format!("the value is not whole, or not {name}"))),
        Ok(_) if bytes.len() as u64 > most => {
            Err(damaged(format!("the value has more than the {most} bytes that `{name}` may make")))
        }
        Ok(_) => Ok(bytes),
    }
}

/// What was read, if nothing is left.
pub(super) fn whole(name: &str, bytes: Vec<u8>, rest: &[u8]) -> Result<Vec<u8>> {
    if rest.is_empty() { Ok(bytes) } else { Err(damaged(format!("something follows the value as {name}"))) }
}

/// Refuses a value that could not be read again.
pub(super) fn check(name: &str, bytes: &[u8], most: u64) -> Result<()> {
    if bytes.len() as u64 <= most {
        return Ok(());
    }
    let message = format!("the value is {} bytes, and `{name}` takes {most}: write a larger `max`", bytes.len());
    Err(Error::new(Kind::Unstorable, message))
}

/// What a compressor says when it can't, which has no reason in memory.
pub(super) fn failed(error: std::io::Error) -> Error {
    Error::new(Kind::Unstorable, "the value can't be compressed").caused_by(error)
}
