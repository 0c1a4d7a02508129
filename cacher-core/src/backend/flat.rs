//! Keys as one text, for servers that know no namespaces: `namespace|format|name`.
//!
//! Only printable ASCII is left, so that any server takes it and people can read it; what is longer than a server
//! takes ends in a hash in place of the name. The envelope says whose an entry is, so even a collision would be a miss.

use std::borrow::Cow;

use super::Key;
use crate::{hex, interned::interned, sync::Arc};

/// In place of the format of a key that is known by its hash alone.
const BY_HASH: &str = "\0hash";

/// What the keys of a namespace begin with, and no key of another does.
pub(super) fn prefix(namespace: &str, most: usize) -> String {
    let mut prefix = String::with_capacity(namespace.len() + 1);
    push_prefix(&mut prefix, namespace, most);
    prefix
}

fn push_prefix(text: &mut String, namespace: &str, most: usize) {
    push_escaped(text, namespace);
    if text.len() > most / 2 {
        *text = hashed(namespace);
    }
    text.push('|');
}

/// The key, in at most so many bytes: 200 or more.
pub(super) fn key(key: &Key, most: usize) -> String {
    let mut text = String::with_capacity(key.namespace.len() + key.format.len() + key.name.len() + 2);
    push_prefix(&mut text, &key.namespace, most);
    if key.format == BY_HASH {
        text.push_str(&key.name);
        return text;
    }
    let start = text.len();
    push_escaped(&mut text, key.format);
    text.push('|');
    let name = text.len();
    push_escaped(&mut text, &key.name);
    if text.len() > most {
        text.truncate(name);
        text.push_str(&key.name);
        text.replace_range(start.., &hashed(&text[start..]));
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

fn push_escaped(escaped: &mut String, text: &str) {
    // Most are, and to look at all bytes takes next to no time.
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return escaped.push_str(text);
    }
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !is_plain(byte) {
            // Nothing within a letter, whose bytes are escaped one by one.
            escaped.push_str(text.get(plain..at).unwrap_or_default());
            escaped.push('%');
            escaped.extend(hex::digits(byte));
            plain = at + 1;
        }
    }
    escaped.push_str(text.get(plain..).unwrap_or_default());
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() & !matches!(byte, b'%' | b'|' | b'#' | b'{' | b'}')
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
