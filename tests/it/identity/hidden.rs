//! What secret and ignored arguments say appears nowhere.

use std::{fmt::Debug, fs, sync::LazyLock};

use cacher::{backend::file::Files, cache, testing::TempDir};
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};

use super::{recorder::Recorder, secrets::set_key};
use crate::common::{faults, files_below};

const SECRET: &str = "open-sesame";
const IGNORED: &str = "do-not-look";

/// A value whose `Serialize` fails for some.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Picky(usize);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 > 100 { Err(S::Error::custom("too large")) } else { self.0.serialize(serializer) }
    }
}

/// All places where something can be shown.
#[derive(Default)]
struct Seen(Vec<u8>);

impl Seen {
    fn add(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.extend_from_slice(bytes.as_ref());
        self.0.push(b'\n');
    }

    fn debug(&mut self, what: &impl Debug) {
        self.add(format!("{what:?} {what:#?}"));
    }

    /// What stands in the files below a directory, and how they are called.
    fn files(&mut self, dir: &TempDir) {
        let files = files_below(dir.path());
        assert_ne!(files.len(), 0);
        for file in files {
            self.add(file.to_string_lossy().as_bytes());
            self.add(fs::read(file).unwrap());
        }
    }

    /// Also not as hexadecimal digits, or as a list of numbers.
    #[track_caller]
    fn has_not(&self, text: &str) {
        let lower = self.0.to_ascii_lowercase();
        let hex: Vec<_> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let list: Vec<_> = text.bytes().map(|byte| byte.to_string()).collect();
        for form in [text.to_owned(), hex.concat(), list.join(","), list.join(", ")] {
            let found = lower.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "{form} in {}", String::from_utf8_lossy(&self.0));
        }
    }
}

macro_rules! search {
    ($test:ident, $name:literal, $backend:expr) => {
        #[test]
        fn $test() {
            static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
            #[cache(backend = $backend, name = $name, secret = [key], ignore = [hidden])]
            fn look(
                n: usize,
                key: &str,
                hidden: &str,
                #[cache(secret)] bytes: Vec<u8>,
            ) -> Result<Picky, cacher::Error> {
                Ok(Picky(n + key.len() + hidden.len() + bytes.len() - 33))
            }
            set_key();
            let faults = faults($name);
            let call = |n| look(n, SECRET, IGNORED, SECRET.as_bytes().to_vec());
            assert_eq!((call(1), call(1), call(1000)).0.unwrap(), Picky(1));
            let mut seen = Seen::default();
            for n in [1, 2, 1000] {
                let entry = look::entry(n, SECRET, SECRET.as_bytes().to_vec());
                seen.add(entry.explain().to_string());
                seen.debug(&entry.explain());
                seen.debug(&entry.info());
                seen.debug(&entry);
            }
            seen.debug(&cacher::only_if_cached(|| call(3)).unwrap_err());
            seen.debug(&look::cache());
            seen.debug(&look::cache().stats());
            seen.debug(&cacher::caches());
            assert_eq!(faults().len(), 1, "a value that can't be stored");
            for fault in faults() {
                seen.add(fault.to_string());
                seen.debug(&fault);
            }
            if files_below(DIR.path()).is_empty() {
                seen.add(RECORDER.bytes());
            } else {
                seen.files(&DIR);
            }
            seen.has_not(SECRET);
            seen.has_not(IGNORED);
        }
    };
}

static RECORDER: LazyLock<Recorder> = LazyLock::new(Recorder::default);

search!(nothing_is_shown_by_json_files, "hidden json", Files::new(DIR.path()));
search!(nothing_is_shown_by_msgpack_files, "hidden msgpack", Files::new(DIR.path()).format("msgpack"));
search!(nothing_is_shown_by_tiers, "hidden tiers", ["memory://", Files::new(DIR.path())]);
search!(nothing_is_shown_by_a_users_store, "hidden recorder", RECORDER.clone());

#[test]
fn the_search_finds_what_is_there() {
    let mut seen = Seen::default();
    seen.add(format!("{:?}", SECRET.as_bytes()));
    seen.add(IGNORED.to_ascii_uppercase());
    for text in [SECRET, IGNORED] {
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| seen.has_not(text))).is_err());
    }
}
