//! Keys as LMDB takes them: 511 bytes at most.
//!
//! ```text
//! 2 bytes: length of the namespace, namespace, format, 00, name
//! FF FF, 32 bytes: hash of the namespace, 32 bytes: hash of format, 00, name      if that would be too long
//! ```

use crate::backend::Key;

const LONGEST: usize = 511;
const HASHED: [u8; 2] = [0xFF; 2];

/// The key of an entry.
pub(super) fn stored(key: &Key) -> Vec<u8> {
    // No name of a format holds a zero byte.
    let call = [key.format.as_bytes(), &[0], key.name.as_bytes()].concat();
    match plain(&key.namespace) {
        Some(mut plain) if plain.len() + call.len() <= LONGEST => {
            plain.extend(call);
            plain
        }
        _ => [hashed(&key.namespace).as_slice(), blake3::hash(&call).as_bytes()].concat(),
    }
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
