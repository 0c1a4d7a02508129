//! The names of directories and files: safe everywhere, and different for different keys.
//!
//! A name is used as it is if it can mean nothing else on any system (see [`portable`]), or consists of such names with
//! `/` between them: then the first ones are directories, which have no dot, as all files do. Any other becomes `~` and
//! its hash, and no plain name holds a `~`. What a hash is of is not known any more: such an entry is shown with its
//! whole path as its name, in a format of no entry.

use std::process;

use crate::{interned::interned, portable};

/// Directories between that of the namespace and a file.
pub(super) const DEEPEST: usize = 7;
const LONGEST_FORMAT: usize = 40;
/// What other programs read has an extension that they know, and this before it.
const BARE: &str = ".bare";
const LONGEST_SLUG: usize = 40;
/// In place of the format of a key that is known by its path alone.
const BY_PATH: &str = "\0path";

/// The directory of a namespace: what people recognise, and a hash that tells namespaces apart.
pub(super) fn directory(namespace: &str) -> String {
    let hash = blake3::hash(namespace.as_bytes()).to_hex();
    format!("{}-{}", slug(namespace), &hash[..16])
}

/// The path of an entry. The last dot ends the name, because a format has none.
pub(super) fn entry(name: &str, format: &str) -> String {
    if format == BY_PATH && is_path_of_entry(name) {
        return name.to_owned();
    }
    match format.strip_suffix("+bare") {
        Some(format) => format!("{}{BARE}.{}", part(name, is_plain_path), part(format, is_plain_format)),
        None => format!("{}.{}", part(name, is_plain_path), part(format, is_plain_format)),
    }
}

/// Whether the path of an entry says its name and format.
pub(super) fn is_plain(name: &str, format: &str) -> bool {
    is_plain_path(name) && is_plain_format(format.strip_suffix("+bare").unwrap_or(format))
}

/// A name and a format of which [`entry`] makes this path, which it has made.
pub(super) fn read(path: &str) -> (&str, &'static str) {
    let Some((name, format)) = path.rsplit_once('.') else { return (path, BY_PATH) };
    let bare = name.strip_suffix(BARE);
    let (name, format) = (bare.unwrap_or(name), if bare.is_some() { format!("{format}+bare") } else { format.into() });
    if is_plain(name, &format) { (name, interned(&format)) } else { (path, BY_PATH) }
}

fn is_path_of_entry(path: &str) -> bool {
    let (directories, file) = path.rsplit_once('/').map_or((None, path), |(above, file)| (Some(above), file));
    is_entry(file) && directories.is_none_or(is_plain_directories)
}

/// Whether [`entry`] has made this name of a file for a value without an envelope.
pub(super) fn is_bare(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(name, _)| name.ends_with(BARE))
}

/// Whether [`entry`] can have made the file of this name.
pub(super) fn is_entry(file: &str) -> bool {
    let of_part = |text: &str, is_plain: fn(&str) -> bool| is_plain(text) || is_hashed(text);
    file.rsplit_once('.').is_some_and(|(name, format)| {
        let name = name.strip_suffix(BARE).unwrap_or(name);
        of_part(name, portable::is_name) && of_part(format, is_plain_format)
    })
}

/// Whether [`entry`] can have made a directory of this name.
pub(super) fn is_directory(name: &str) -> bool {
    portable::is_name(name) && !name.contains('.')
}

/// A temporary file that nobody else makes.
pub(super) fn temporary(counter: u64, random: u64) -> String {
    format!(".tmp-{}-{counter}-{random:016x}", process::id())
}

/// Whether [`temporary`] can have made this name.
pub(super) fn is_temporary(file: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = file.strip_prefix(".tmp-") else { return false };
    matches!(rest.split('-').collect::<Vec<_>>()[..], [pid, counter, random]
        if digits(pid) && digits(counter) && random.len() == 16 && random.bytes().all(is_hex))
}

/// The last segments of the path that fit, for people only.
fn slug(namespace: &str) -> String {
    let lower = namespace.to_ascii_lowercase();
    let segments = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
    let mut slug = String::new();
    for segment in segments.rev().map(|segment| segment.trim_matches('-')).filter(|segment| !segment.is_empty()) {
        if slug.is_empty() {
            slug.extend(segment.chars().take(LONGEST_SLUG));
        } else if segment.len() + 1 + slug.len() <= LONGEST_SLUG {
            slug = format!("{segment}-{slug}");
        } else {
            break;
        }
    }
    if slug.is_empty() { "cache".to_owned() } else { slug }
}

fn part(text: &str, is_plain: fn(&str) -> bool) -> String {
    if is_plain(text) { text.to_owned() } else { format!("~{}", blake3::hash(text.as_bytes()).to_hex()) }
}

fn is_hashed(text: &str) -> bool {
    text.strip_prefix('~').is_some_and(|hash| hash.len() == 64 && hash.bytes().all(is_hex))
}

fn is_plain_path(name: &str) -> bool {
    if name.ends_with(BARE) {
        return false;
    }
    let Some((directories, file)) = name.rsplit_once('/') else { return portable::is_name(name) };
    portable::is_name(file) && is_plain_directories(directories)
}

fn is_plain_directories(directories: &str) -> bool {
    directories.split('/').all(is_directory) && directories.split('/').count() <= DEEPEST
}

fn is_plain_format(format: &str) -> bool {
    (1..=LONGEST_FORMAT).contains(&format.len()) && format.bytes().all(|byte| is_lower(byte) || b"_=+-".contains(&byte))
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_used_as_it_is() {
        let name = "0f".repeat(32);
        assert_eq!(entry(&name, "json"), format!("{name}.json"));
        assert_eq!(entry("user=1_2-3.4", "msgpack+zstd"), "user=1_2-3.4.msgpack+zstd");
        assert_eq!(entry("fetch_sort='1,%2f!a(2)", "json"), "fetch_sort='1,%2f!a(2).json");
        assert_eq!(entry("a/b/c.d", "json"), "a/b/c.d.json");
        assert_eq!(entry("user=1", "json+zlib+bare"), "user=1.bare.json+zlib");
        assert!(is_bare("user=1.bare.json") && is_entry("user=1.bare.json") && !is_bare("user=1.json"));
        assert!(entry("x.bare", "npy").starts_with('~'));
    }

    #[test]
    fn anything_else_is_hashed() {
        let (long, deep) = ("x".repeat(portable::LONGEST + 1), "a/".repeat(DEEPEST + 1) + "a");
        for name in [
            "", ".", "..", ".a", "a.b/c", "a/../b", "/a", "a//b", "a/", "A/b", "con/a", "a\\b", &deep, "A", "a b",
            "a:b", "~", "é", "nul", "con.x", "com1", "lpt9.a.b", &long,
        ] {
            let file = entry(name, "json");
            assert!(file.starts_with('~') && file.len() == 70 && is_entry(&file), "{name}: {file}");
        }
        assert!(entry("a", "zlib?level=6").starts_with("a.~"));
        assert_ne!(entry("a.json", "x"), entry("a", "json.x"));
    }

    #[test]
    fn every_name_is_short_enough() {
        let (name, format) = ("x".repeat(portable::LONGEST), "~".to_owned());
        assert!(entry(&name, &format).len() < 255);
    }

    #[test]
    fn foreign_names_are_told_apart() {
        for file in ["README", "Notes.json", ".hidden.json", "a.JSON", "~x.json", "a.", ".json", "nul.json", "a b.json"]
        {
            assert!(!is_entry(file) && !is_temporary(file), "{file}");
        }
        for file in [".tmp-1-2", ".tmp-1-2-3", ".tmp-a-2-0123456789abcdef", ".tmp-1-2-0123456789abcdef-4", "tmp-1-2-3"]
        {
            assert!(!is_temporary(file), "{file}");
        }
        let own = temporary(7, 8);
        assert!(is_temporary(&own) && !is_entry(&own));
    }

    #[test]
    fn a_directory_is_readable_and_its_own() {
        assert!(directory("app::posts::fetch_posts").starts_with("app-posts-fetch_posts-"));
        assert!(directory("a_long_crate_name::a_long_module_name::fetch").starts_with("a_long_module_name-fetch-"));
        assert!(directory(&"y".repeat(99)).starts_with(&format!("{}-", "y".repeat(40))));
        assert!(directory("").starts_with("cache-") && directory("../..").starts_with("cache-"));
        assert_ne!(directory("a::b"), directory("a-b"));
        assert_ne!(directory("A"), directory("a"));
        assert_eq!(directory("<Vec<T> as X>::É").matches(['/', '<', '.', ':']).count(), 0);
    }
}
