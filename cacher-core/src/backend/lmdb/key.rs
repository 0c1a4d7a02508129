//! Keys as LMDB takes them: 511 bytes at most.
//!
//! ```text
//! 2 bytes: length of the namespace, namespace, format, 00, name
//! FF FF, 32 bytes: hash of the namespace, 32 bytes: hash of format, 00, name      if that would be too long
//! ```
//! What a hash is of is not known any more: such a key is shown with the digits of its second hash as its name, in a
//! format of no entry.

use crate::{backend::Key, hex, interned::interned, sync::Arc};

const LONGEST: usize = 511;
const HASHED: [u8; 2] = [0xFF; 2];
/// In place of the format of a key that is known by its hash alone.
const BY_HASH: &str = "\0hash";

/// The key of an entry.
pub(super) fn stored(key: &Key) -> Vec<u8> {
    if let Some(hash) = hash_of(key) {
        return [hashed(&key.namespace), hash].concat();
    }
    // No name of a format holds a zero byte.
    let call = [key.format.as_bytes(), &[0], key.name.as_bytes()].concat();
    match plain(&key.namespace) {
        Some(plain) if !is_hashed(key) => [plain, call].concat(),
        _ => [hashed(&key.namespace).as_slice(), blake3::hash(&call).as_bytes()].concat(),
    }
}

/// Whether only hashes of the key are stored.
pub(super) fn is_hashed(key: &Key) -> bool {
    2 + key.namespace.len() + key.format.len() + 1 + key.name.len() > LONGEST
}

/// The hash that stands for a key which [`read`] made.
fn hash_of(key: &Key) -> Option<Vec<u8>> {
    let digits = Some(&*key.name).filter(|name| key.format == BY_HASH && name.len() == 64)?;
    hex::from_hex(digits)
}

/// The key that something in a namespace is stored under; `None` of what [`stored`] does not make.
pub(super) fn read(namespace: &Arc<str>, stored: &[u8]) -> Option<Key> {
    let key = |name: &str, format| Key { namespace: Arc::clone(namespace), name: name.into(), format };
    if let Some(hash) = stored.strip_prefix(&hashed(namespace)[..]) {
        return Some(key(&hex::to_hex(hash), BY_HASH));
    }
    let call = std::str::from_utf8(stored.strip_prefix(&plain(namespace)?[..])?).ok()?;
    let (format, name) = call.split_once('\0')?;
    Some(key(name, interned(format)))
}

/// What the keys of a namespace begin with, each one way or another.
pub(super) fn prefixes(namespace: &str) -> impl Iterator<Item = Vec<u8>> {
    plain(namespace).into_iter().chain([hashed(namespace)])
}

/// The first byte string after all those that begin with `prefix`.
pub(super) fn after(mut prefix: Vec<u8>) -> Vec<u8> {
    while let Some(last) = prefix.pop() {
        if let Some(next) = last.checked_add(1) {
            prefix.push(next);
            break;
        }
    }
    prefix
}

fn plain(namespace: &str) -> Option<Vec<u8>> {
    let length = u16::try_from(namespace.len()).ok().filter(|length| usize::from(*length) < LONGEST)?;
    Some([&length.to_be_bytes()[..], namespace.as_bytes()].concat())
}

fn hashed(namespace: &str) -> Vec<u8> {
    [&HASHED[..], blake3::hash(namespace.as_bytes()).as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn what_comes_after_a_prefix() {
        for (prefix, next) in
            [(&[0, 0][..], &[0, 1][..]), (&[7, 0xFF, 0xFF], &[8]), (&[0xFF, 0xFF, 3], &[0xFF, 0xFF, 4])]
        {
            assert_eq!(after(prefix.to_vec()), next);
        }
    }
}
