//! The prefix of a process before the namespaces of its caches.

/// The namespace of a cache in the stores of a process with this prefix: `staging:my_crate::posts::fetch`.
///
/// No two pairs meet: the prefix has neither a colon nor an `@`, and a namespace has a single colon only behind the `@`
/// before its version.
pub(super) fn prefixed(prefix: &str, namespace: &str) -> String {
    format!("{}:{namespace}", escaped(prefix.as_bytes()))
}

/// Letters, digits, `.`, `_` and `-` as they are, all else as `%XX`.
pub(super) fn escaped(text: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::prefixed;

    #[test]
    fn prefixes_stay_apart_from_names() {
        assert_eq!(prefixed("staging", "a::fetch"), "staging:a::fetch");
        assert_eq!(prefixed("a:", "fetch"), "a%3A:fetch");
        assert_eq!(prefixed("a%3A", "fetch"), "a%253A:fetch");
        assert_eq!(prefixed("é", "fetch"), "%C3%A9:fetch");
    }
}
