//! Keys as one text, for servers that know no namespaces: `namespace|format|name`.
//!
//! Only printable ASCII is left, so that any server takes it and people can read it; what is longer than a server
//! takes ends in a hash in place of the name. The envelope says whose an entry is, so even a collision would be a miss.

use std::fmt::Write;

use super::Key;

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

/// No text that is escaped begins like this.
fn hashed(text: &str) -> String {
    format!("#{}", blake3::hash(text.as_bytes()).to_hex())
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b'|' | b'#' | b'{' | b'}' => _ = write!(escaped, "%{byte:02X}"),
            b'!'..=b'~' => escaped.push(char::from(byte)),
            _ => _ = write!(escaped, "%{byte:02X}"),
        }
    }
    escaped
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
            prop_assert!(one.0 == other.0 || !a.starts_with(&prefix(&other.0, 250)));
        }
    }
}
