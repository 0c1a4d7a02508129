//! Any file is a cache, damaged, or somebody else's; only the last is left as it is.
#![no_main]

use std::{fs, path::PathBuf, sync::LazyLock};

use cacher_core::{
    backend::{Backend, Key, json_file::JsonFile},
    error::Kind,
    testkit::TempDir,
};
use libfuzzer_sys::fuzz_target;

static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);

fuzz_target!(|data: &[u8]| {
    let path: PathBuf = DIR.path().join("cache.json");
    fs::write(&path, data).expect("written");
    let file = JsonFile::new(&path);
    let key = |name: &str| Key { namespace: "app::fetch".into(), name: name.into(), format: "json" };
    match file.get(&key("a")).map_err(|error| error.kind()) {
        Ok(found) => {
            let others = file.len("app::fetch").expect("len") - u64::from(found.is_some());
            put(&file, &key("a"));
            assert_eq!(file.len("app::fetch").expect("len"), others + 1);
            assert!(file.remove(&key("a")).expect("remove"));
            assert_eq!(file.len("app::fetch").expect("len"), others);
        }
        Err(Kind::Damaged) => {
            put(&file, &key("a"));
            assert_eq!(fs::read(path.with_extension("json.damaged")).expect("moved aside"), data);
        }
        Err(kind) => {
            assert_eq!(kind, Kind::Invalid);
            assert_eq!(file.put(&key("a"), b"new", None).expect_err("not ours").kind(), Kind::Invalid);
            assert_eq!(fs::read(&path).expect("there"), data);
        }
    }
});

/// Another view of the file finds it too.
fn put(file: &JsonFile, key: &Key) {
    file.put(key, b"new", None).expect("put");
    assert_eq!(file.get(key).expect("get").as_deref(), Some(&b"new"[..]));
    let text = fs::read(DIR.path().join("cache.json")).expect("there");
    serde_json::from_slice::<serde_json::Value>(&text).expect("JSON");
}
