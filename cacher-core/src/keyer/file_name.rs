use std::fmt::{self, Write};

use super::{CallKey, Keyer, Text};
use crate::portable::{self, Name};

/// Directories in a path, the file included.
const DEEPEST: usize = 8;
/// Extensions that the store of files adds by itself.
const FORMATS: &[&str] = &[".json", ".msgpack"];

/// File names of your own: what `file_name = |call| ..` makes.
pub(crate) struct FileName<F>(pub(crate) F);

impl<F: Fn(&CallKey<'_>) -> S + Send + Sync + 'static, S: Text> Keyer for FileName<F> {
    fn name(&self, call: &CallKey<'_>) -> String {
        safe(&(self.0)(call).into_text(), call.identity())
    }
}

/// The same path, with nothing in it that leaves the directory or means something to a file system.
fn safe(path: &str, identity: &[u8]) -> String {
    let path = FORMATS.iter().find_map(|format| path.strip_suffix(format)).unwrap_or(path);
    let (directories, file) = match path.rsplit_once('/') {
        Some((directories, file)) => (Some(directories), file),
        None => (None, path),
    };
    let directories = directories.into_iter().flat_map(|directories| directories.splitn(DEEPEST - 1, '/'));
    let mut safe = String::new();
    for directory in directories {
        safe.push_str(&component(directory, true, identity));
        safe.push('/');
    }
    safe + &component(file, false, identity)
}

/// A component that is its own name on every file system. No directory has a dot, as all files do.
fn component(text: &str, directory: bool, identity: &[u8]) -> String {
    let mut name = Name::default();
    let written = write(text, directory, &mut name);
    name.end(written, identity)
}

fn write(text: &str, directory: bool, out: &mut Name) -> fmt::Result {
    if text.is_empty() {
        return out.write_char('%');
    }
    text.char_indices().try_for_each(|(at, character)| {
        let plain = u8::try_from(character).is_ok_and(portable::is_plain);
        let dot = character == '.' && (directory || at == 0);
        if plain && !dot { out.write_char(character) } else { portable::escape(character, out) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below() {
        for (path, expected) in [
            ("abcd/abcd1234.json", "abcd/abcd1234"),
            ("abcd1234", "abcd1234"),
            ("a.b/c.d.msgpack", "a%2eb/c.d"),
            ("../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd"),
            ("/etc/passwd", "%/etc/passwd"),
            ("C:\\x", "!c%3a%5cx"),
            ("a//b/", "a/%/b/%"),
            ("", "%"),
            (".", "%2e"),
            ("con/nul.json", "%con/%nul"),
            ("Aé b", "!a%c3%a9%20b"),
            ("~a", "%7ea"),
            ("1/2/3/4/5/6/7/8/9", "1/2/3/4/5/6/7%2f8/9"),
        ] {
            let safe = safe(path, b"");
            assert_eq!(safe, expected);
            assert!(safe.split('/').all(portable::is_name), "{safe}");
        }
    }
    proptest::proptest! {
        #[test]
        fn any_path_stays_below(path in "([./\\\\~a-cA-C \\PC]{0,9}|con|\\.\\.|/){0,30}") {
            let safe = safe(&path, path.as_bytes());
            proptest::prop_assert!(safe.split('/').all(portable::is_name), "{}", safe);
            proptest::prop_assert!(safe.split('/').count() <= DEEPEST);
        }
    }
}
