//! What secret and ignored arguments say stands in no byte of any store, in any format.

#![cfg(all(
    feature = "file",
    feature = "json_file",
    feature = "sqlite",
    feature = "lmdb",
    feature = "postcard",
    feature = "raw",
    feature = "npy",
    feature = "zlib",
    feature = "zstd",
    feature = "lz4",
    feature = "encrypt"
))]
#![allow(clippy::unwrap_used, reason = "in what tests share too")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use cacher::{
    backend::{file::Files, json_file::JsonFile, lmdb::Lmdb, sqlite::Sqlite},
    cache,
    testing::{ManualClock, TempDir},
};

const SECRET: &str = "Open-Sesame-4711";
const IGNORED: &str = "Do-Not-Look-0815";
const PUBLIC: &str = "Everybody-May-See-This";

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(dir).unwrap().map(|found| found.unwrap().path());
    found.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// How a text may be written: as it is, as digits, as a list of numbers, in base64 from each of three places on, in
/// UTF-16, and back to front.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let numbers = |separator: &str| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(separator).into_bytes();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let mut forms = vec![
        bytes.to_vec(),
        bytes.iter().rev().copied().collect(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        numbers(","),
        numbers(", "),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
    ];
    // Whole groups of three bytes, whatever stands before and behind them.
    forms.extend((0..3).map(|at| base64(bytes[at..].chunks_exact(3))));
    forms
}

fn base64<'a>(groups: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |group: &[u8]| {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| LETTERS[bits >> shift & 63])
    };
    groups.flat_map(letters).collect()
}

/// Bytes as letters of the same numbers: text is searched much faster.
fn searchable(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The files below a directory that hold a text in one of its forms, in what stands in them or in their names.
fn holders(dir: &Path, text: &str) -> Vec<String> {
    let forms: Vec<_> = forms(text).iter().map(|form| searchable(form)).collect();
    let files = files_below(dir).into_iter().map(|path| {
        let name = path.strip_prefix(dir).unwrap().display().to_string();
        let content = searchable(&fs::read(&path).unwrap());
        (forms.iter().any(|form| content.contains(form) || name.contains(form)), name)
    });
    files.filter_map(|(holds, name)| holds.then_some(name)).collect()
}

/// What a function kept in each store: nothing hidden; and the rest, unless all is encrypted.
fn assert_hidden(dir: &TempDir, conceals: bool) {
    for (store, at) in [("file", "file/"), ("json_file", "cache.json"), ("sqlite", "cache.db"), ("lmdb", "lmdb/data")] {
        let seen = holders(dir.path(), PUBLIC);
        let is_seen = seen.iter().any(|name| name.starts_with(at));
        assert_eq!(is_seen, !conceals, "{store} {seen:?}");
    }
    assert_eq!((holders(dir.path(), SECRET), holders(dir.path(), IGNORED)), (vec![], vec![]));
}

/// A function on all stores at once, and one whose last store keeps revisions and an archive.
macro_rules! search {
    ($($test:ident: $format:literal, $conceals:literal, $type:ty, $value:expr;)*) => { $(
        #[test]
        fn $test() {
            static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
            fn files() -> Files {
                Files::new(DIR.path().join("file"))
            }
            fn json_file() -> JsonFile {
                JsonFile::new(DIR.path().join("cache.json"))
            }
            fn sqlite() -> Sqlite {
                Sqlite::open(DIR.path().join("cache.db")).unwrap()
            }
            fn lmdb() -> Lmdb {
                Lmdb::open(DIR.path().join("lmdb")).unwrap()
            }
            #[cache(
                backend = [files(), json_file(), sqlite(), lmdb()],
                format = $format, ttl = "1h", secret = [key], ignore = [hidden]
            )]
            fn look(public: &str, key: &str, hidden: &str) -> $type {
                let _ = (public, key, hidden);
                $value
            }
            #[cache(
                backend = [json_file(), files(), lmdb(), sqlite()],
                format = $format, ttl = "1h", archive, keyer = readable, secret = [key], ignore = [hidden]
            )]
            fn look_again(public: &str, key: &str, hidden: &str) -> $type {
                let _ = (public, key, hidden);
                $value
            }
            #[cache(
                backend = [sqlite(), files()],
                format = $format, write = background, revisions = 3, secret = [key], ignore = [hidden]
            )]
            fn look_later(public: &str, key: &str, hidden: &str) -> $type {
                let _ = (public, key, hidden);
                $value
            }
            cacher::set_secret_key([7; 32]).unwrap();
            let clock = ManualClock::new();
            let _in_force = clock.enter();
            for _ in 0..3 {
                // What was stored before has expired, and goes to the archive.
                clock.advance(Duration::from_secs(4000));
                look(PUBLIC, SECRET, IGNORED);
                look_again(PUBLIC, SECRET, IGNORED);
                look_later::refresh(PUBLIC, SECRET, IGNORED);
            }
            // Now the background writes.
            clock.advance(Duration::from_secs(1));
            let stats = [look::cache().stats(), look_again::cache().stats(), look_later::cache().stats()];
            assert_eq!(stats.map(|stats| stats.store_errors), [0; 3]);
            assert_hidden(&DIR, $conceals);
        }
    )* };
}

search! {
    json_hides: "json", false, u64, 7;
    msgpack_hides: "msgpack", false, Vec<Option<String>>, vec![Some("value".into()), None];
    postcard_hides: "postcard", false, (u8, bool), (7, true);
    raw_hides: "raw", false, String, "value".to_owned();
    npy_hides: "npy", false, Vec<f32>, vec![1.5];
    json_and_zlib_hide: "json+zlib", false, u64, 7;
    msgpack_and_zstd_hide: "msgpack+zstd", false, u64, 7;
    postcard_and_lz4_hide: "postcard+lz4", false, u64, 7;
    encryption_hides: "json+encrypt", true, u64, 7;
    encryption_by_key_hides: "msgpack+zstd+encrypt?per_key=true", true, u64, 7;
}

#[test]
fn every_form_is_found() {
    let dir = TempDir::new();
    for (at, form) in forms(SECRET).into_iter().enumerate() {
        fs::write(dir.path().join(at.to_string()), [b"before ".to_vec(), form, b" behind".to_vec()].concat()).unwrap();
    }
    assert_eq!(holders(dir.path(), SECRET).len(), 11);
    assert_eq!(holders(dir.path(), IGNORED).len(), 0);
}
