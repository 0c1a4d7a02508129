//! Entries that are changed in the store itself.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use cacher_core::{
    backend::{Backend, Capabilities, Key, file::Files, json_file::JsonFile, lmdb::Lmdb, sqlite::Sqlite},
    error::Result,
    testkit::TempDir,
};

use super::{damaged, filled};

/// A store that tells under which keys it was written to.
#[derive(Clone)]
struct Told {
    store: Arc<dyn Backend>,
    keys: Arc<Mutex<Vec<Key>>>,
}

impl Told {
    fn new(store: impl Backend) -> Self {
        Self { store: Arc::new(store), keys: Arc::default() }
    }

    fn entry(&self, at: usize) -> (Key, Vec<u8>) {
        let key = self.keys.lock().expect("whole")[at].clone();
        let entry = self.store.get(&key).expect("get").expect("there");
        (key, entry)
    }
}

impl Backend for Told {
    fn describe(&self) -> String {
        self.store.describe()
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.store.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.keys.lock().expect("whole").push(key.clone());
        self.store.put(key, entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.store.remove(key)
    }
}

/// Puts every damaged form of an entry in its place: each is a miss that is counted.
macro_rules! check {
    ($dir:expr, $format:literal, $value:expr, $other:expr) => {
        for (name, store) in stores($dir, $format) {
            let cache = filled(store.clone(), $format, [&$value, &$other]);
            let ((key, entry), (_, other)) = (store.entry(0), store.entry(1));
            let put = |entry: &[u8]| store.store.put(&key, entry, None).expect("put");
            for changed in damaged(&entry).chain([other]) {
                put(&changed);
                let before = cache.stats().store_errors;
                match cache.get(&0) {
                    None => assert_eq!(cache.stats().store_errors, before + 1, "{name} {}", $format),
                    // White space between the tokens of the readable form says nothing.
                    Some(found) => assert!($format == "json" && found == $value, "{name} {} {found:?}", $format),
                }
            }
            assert_eq!(cache.get_or_load(&0, || $value), $value);
            put(&entry);
            assert_eq!((cache.get(&0), cache.get(&1)), (Some($value), Some($other)), "{name} {}", $format);
        }
    };
}

fn stores(dir: &Path, format: &str) -> Vec<(&'static str, Told)> {
    let path = |name: &str| dir.join(format!("{name} {}", format.replace(['+', '?'], "-")));
    vec![
        ("file", Told::new(Files::new(path("file")))),
        ("json_file", Told::new(JsonFile::new(path("json")))),
        ("sqlite", Told::new(Sqlite::open(path("sqlite")).expect("open"))),
        ("lmdb", Told::new(Lmdb::open(path("lmdb")).expect("open"))),
    ]
}

macro_rules! damage_is_a_miss {
    ($($test:ident: $format:literal, $value:expr, $other:expr;)*) => { $(
        #[test]
        fn $test() {
            let dir = TempDir::new();
            check!(dir.path(), $format, $value, $other);
        }
    )* };
}

damage_is_a_miss! {
    of_json: "json", String::from("é"), String::new();
    of_msgpack: "msgpack", vec![Some(1_u16), None], vec![];
    of_postcard: "postcard", (7_u8, true), (0, false);
    of_raw: "raw", vec![1_u8, 0, 255], vec![];
    of_npy: "npy", vec![1.5_f32], vec![-2.0];
    of_json_and_zlib: "json+zlib", 7_u8, 8;
    of_msgpack_and_zstd: "msgpack+zstd", 7_u8, 8;
    of_postcard_and_lz4: "postcard+lz4", 7_u8, 8;
    of_raw_and_encrypt: "raw+encrypt", String::from("a"), String::from("b");
    of_npy_and_zstd: "npy+zstd", vec![1_u8], vec![2];
    of_msgpack_and_zstd_and_encrypt: "msgpack+zstd+encrypt?per_key=true", 7_u8, 8;
}
