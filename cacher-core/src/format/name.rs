//! Names of formats.

use crate::{hex, interned::interned};

/// The name of a chain with one piece more.
pub(super) fn of_chain(chain: &str, piece: &str) -> &'static str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !piece.is_empty() && piece.bytes().all(plain) {
        return interned(&format!("{chain}+{piece}"));
    }
    // Whatever a user's filter says can be the end of a file's name.
    interned(&format!("{chain}+x{}", hex::to_hex(&blake3::hash(piece.as_bytes()).as_bytes()[..8])))
}
