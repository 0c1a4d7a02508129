//! Names that mean the same on every file system: what they may consist of, and how other text is written in them.
//!
//! A name of lower-case letters, digits and a few signs, with no device of Windows for its beginning, is one name on
//! every system, however it treats case, Unicode, spaces and trailing dots.

use std::fmt::{self, Write};

/// A file system allows 255 bytes: these, a dot, the format, and some for backup tools.
pub(crate) const LONGEST: usize = 180;
/// What follows the part of a name that was cut off: a sign that no other name has, and a hash.
const CUT: usize = 33;

/// Whether this byte may stand in a name.
pub(crate) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_=.-!%+,()[]{}'@".contains(&byte)
}

/// Whether this is a name as it stands.
#[cfg_attr(not(feature = "file"), allow(dead_code, reason = "only files ask"))]
pub(crate) fn is_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.') && !is_device(name)
}

/// Whether Windows takes a file of this name for a device, whatever its extension.
pub(crate) fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let numbered =
        |device| stem.strip_prefix(device).is_some_and(|n| n.len() == 1 && n.bytes().all(|d| d.is_ascii_digit()));
    matches!(stem, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Writes a character that may not stand in a name: `!a` for `A`, `%2f` for `/`, of others each byte.
pub(crate) fn escape(character: char, out: &mut impl Write) -> fmt::Result {
    if character.is_ascii_uppercase() {
        return write!(out, "!{}", character.to_ascii_lowercase());
    }
    let mut bytes = [0; 4];
    character.encode_utf8(&mut bytes).bytes().try_for_each(|byte| write!(out, "%{byte:02x}"))
}

/// A name that takes no more than there is room for.
#[derive(Debug, Default)]
pub(crate) struct Name(String);

impl Name {
    /// The name, if all of it was `written`, as something that no device has for its name; if not, its beginning and
    /// a hash of all that it stands for.
    pub(crate) fn end(mut self, written: fmt::Result, all: &[u8]) -> String {
        if is_device(&self.0) {
            self.0.insert(0, '%');
        }
        if self.0.ends_with('.') {
            self.0.pop();
            self.0.push_str("%2e");
        }
        if written.is_err() || self.0.len() > LONGEST {
            self.0.truncate(LONGEST - CUT);
            self.0.push('@');
            self.0.push_str(&blake3::hash(all).to_hex()[..CUT - 1]);
        }
        self.0
    }
}

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST.saturating_sub(self.0.len());
        match text.get(..room) {
            Some(fits) if fits.len() < text.len() => {
                self.0.push_str(fits);
                Err(fmt::Error)
            }
            _ if text.len() > room => Err(fmt::Error),
            _ => {
                self.0.push_str(text);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names() {
        for name in ["a", "posts_user_id=1_sort=asc", "%con", "a.", "x@0f", "(1,2)", "f_a='1"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(LONGEST + 1);
        for name in ["", ".", "..", ".a", "a/b", "A", "a b", "a:b", "~", "a~1", "é", "nul", "con.x", "com1", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_name_ends_well() {
        let name = |text: &str| {
            let mut name = Name::default();
            let written = name.write_str(text);
            name.end(written, b"all")
        };
        assert_eq!((name("a"), name("con"), name("a.")), ("a".into(), "%con".into(), "a%2e".into()));
        assert_eq!(name(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
        let cut = name(&"x".repeat(LONGEST + 1));
        assert_eq!((cut.len(), cut.find('@')), (LONGEST, Some(LONGEST - CUT)));
    }
}
