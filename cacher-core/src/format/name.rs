//! Names of formats, which live as long as the program: there are as many as it has formats.

use std::collections::BTreeSet;

use crate::{
    hex,
    sync::{Mutex, lock},
};

static ALL: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The name of a chain with one piece more.
pub(super) fn of_chain(chain: &str, piece: &str) -> &'static str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !piece.is_empty() && piece.bytes().all(plain) {
        return kept(format!("{chain}+{piece}"));
    }
    // Whatever a user's filter says can be the end of a file's name.
    kept(format!("{chain}+x{}", hex::to_hex(&blake3::hash(piece.as_bytes()).as_bytes()[..8])))
}

fn kept(name: String) -> &'static str {
    let mut all = lock(&ALL);
    if let Some(known) = all.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    all.insert(name);
    name
}
