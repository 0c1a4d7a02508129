//! Keys as one text, for servers that know no namespaces: `namespace|format|name`.
//!
//! Only printable ASCII is left, so that any server takes it and people can read it; what is longer than a server
//! takes ends in a hash in place of the name. The envelope says whose an entry is, so even a collision would be a miss.

use std::{borrow::Cow, fmt::Write};

use super::Key;
use crate::{hex, interned::interned, sync::Arc};

/// In place of the format of a key that is known by its hash alone.
const BY_HASH: &str = "\0hash";

/// What the keys of a namespace begin with, and no key of another does.
pub(super) fn prefix(namespace: &str, most: usize) -> String {
    let mut prefix = escaped(namespace);
    if prefix.len() > most / 2 {
        prefix = hashed(namespace);
    }
    prefix.push('|');
    prefix
}

/// The key, in at most so many bytes: 200 or more.
pub(super) fn key(key: &Key, most: usize) -> String {
    let mut text = prefix(&key.namespace, most);
    if key.format == BY_HASH {
        text.push_str(&key.name);
        return text;
    }
    let start = text.len();
    text.push_str(&escaped(key.format));
    text.push('|');
    text.push_str(&escaped(&key.name));
    if text.len() > most {
        text.truncate(start);
        text.push_str(&hashed(&format!("{}|{}", escaped(key.format), key.name)));
    }
    text
}

/// The key of an entry of this namespace that stands under a text; `None` of what [`key`] does not make.
pub(super) fn read(namespace: &Arc<str>, text: &str, most: usize) -> Option<Key> {
    let call = text.strip_prefix(&prefix(namespace, most))?;
    if call.starts_with('#') {
        return Some(Key { namespace: Arc::clone(namespace), name: call.into(), format: BY_HASH });
    }
    let (format, name) = call.split_once('|')?;
    let (format, name) = (unescaped(format)?, unescaped(name)?);
    Some(Key { namespace: Arc::clone(namespace), name: name.into(), format: interned(&format) })
}

/// The key as a walk shows it: what is known by its hash alone is another.
pub(super) fn shown(given: &Key, most: usize) -> Cow<'_, Key> {
    match read(&given.namespace, &key(given, most), most) {
        Some(shown) if shown != *given => Cow::Owned(shown),
        _ => Cow::Borrowed(given),
    }
}

/// No text that is escaped begins like this.
fn hashed(text: &str) -> String {
    format!("#{}", blake3::hash(text.as_bytes()).to_hex())
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b'|' | b'#' | b'{' | b'}' => _ = write!(escaped, "%{byte:02x}"),
            b'!'..=b'~' => escaped.push(char::from(byte)),
            _ => _ = write!(escaped, "%{byte:02x}"),
        }
    }
    escaped
}

fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.extend(hex::from_hex(digits)?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(namespace: &str, name: &str, format: &'static str) -> Key {
        Key { namespace: namespace.into(), name: name.into(), format }
    }

    #[test]
    fn it_can_be_read() {
        assert_eq!(key(&of("app::user<u8>@v1", "id=1 x", "json"), 250), "app::user<u8>@v1|json|id=1%20x");
    }

    proptest! {
        #[test]
        fn different_keys_differ_and_fit(
            one in (".{0,300}", ".{0,300}", prop::sample::select(vec!["json", "msgpack+zstd", "a|b"])),
            other in (".{0,300}", ".{0,300}", prop::sample::select(vec!["json", "msgpack+zstd", "a|b"])),
        ) {
            let (a, b) = (key(&of(&one.0, &one.1, one.2), 250), key(&of(&other.0, &other.1, other.2), 250));
            prop_assert_eq!(one == other, a == b);
            prop_assert!(a.len() <= 250 && a.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(a.starts_with(&prefix(&one.0, 250)));
            let shown = read(&one.0.as_str().into(), &a, 250).expect("it is ours");
            prop_assert_eq!(key(&shown, 250), &*a);
            prop_assert!(shown.format == BY_HASH || shown == of(&one.0, &one.1, one.2));
            prop_assert!(one.0 == other.0 || !a.starts_with(&prefix(&other.0, 250)));
        }
    }
}
