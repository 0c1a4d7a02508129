//! The store `json://`: the contract, and what only one file for all can get wrong.
#![cfg(feature = "json_file")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Durability, Key, json_file::JsonFile},
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
    error::Kind,
    testkit::{TempDir, conformance},
};

const SPACE: &str = "app::posts::fetch";
const HOUR: Duration = Duration::from_secs(3600);

fn path(dir: &TempDir) -> PathBuf {
    dir.path().join("cache.json")
}

fn names(dir: &Path) -> Vec<String> {
    let listed = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<_> =
        listed.map(|found| found.expect("readable").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

fn sealed(expires: Option<SystemTime>) -> Vec<u8> {
    let until = expires.map_or(Stamp::NEVER, Stamp::from);
    let times = Times {
        load_began: Stamp(1),
        created: Stamp(2),
        fresh_until: until,
        keep_until: until,
        load_time: Duration::from_millis(5),
    };
    let content = Content { value: b"{\"title\":\"\\u00e9\\n    }\"}", arguments: None, tags: &[] };
    envelope::seal("json", &Identity { namespace: SPACE, key: b"x" }, &times, &content)
}

/// What another process would have: another view of the same file.
#[cfg(unix)]
fn elsewhere(dir: &TempDir) -> (TempDir, JsonFile) {
    let other = TempDir::new();
    std::os::unix::fs::symlink(dir.path(), other.path().join("link")).expect("linked");
    let file = JsonFile::new(other.path().join("link/cache.json"));
    (other, file)
}

fn key(name: &str) -> Key {
    Key { namespace: SPACE.into(), name: name.into(), format: "json" }
}

#[test]
fn a_json_file_keeps_the_contract() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(JsonFile::new(path(&dir))));
}

#[test]
fn a_json_file_that_survives_a_power_loss_keeps_the_contract() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(JsonFile::new(dir.path().join("a/b.json")).durability(Durability::Power)));
}

#[test]
fn cch_59_one_object_holds_all_entries_as_json_values() {
    let dir = TempDir::new();
    let file = JsonFile::new(path(&dir));
    let entry = sealed(None);
    file.put(&key("6bd9"), &entry, None).expect("put");
    file.put(&key("0aff"), &entry, None).expect("put");
    let text = fs::read_to_string(path(&dir)).expect("there");
    let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let own = &object["app::posts::fetch"];
    assert_eq!((own["6bd9"]["value"]["title"].as_str(), own["0aff"]["cacher"].as_u64()), (Some("é\n    }"), Some(1)));
    let start = "{\n  \"app::posts::fetch\": {\n    \"0aff\": {\n      \"cacher\": 1,\n      \"function\": ";
    assert!(text.starts_with(start) && text.ends_with("\n    }\n  }\n}\n"), "{text}");
    assert_eq!(file.get(&key("6bd9")).expect("get"), Some(entry.clone()));
    // Read at the start of the next process, and left as it is by reading.
    drop(file);
    assert_eq!(JsonFile::new(path(&dir)).get(&key("0aff")).expect("get"), Some(entry));
    assert_eq!(fs::read_to_string(path(&dir)).expect("there"), text);
    assert_eq!(names(dir.path()), ["cache.json", "cache.json.lock"]);
}

#[test]
fn nothing_is_made_before_the_first_write() {
    let dir = TempDir::new();
    let file = JsonFile::new(dir.path().join("a/cache.json"));
    assert_eq!(file.get(&key("x")).expect("get"), None);
    assert!(!file.remove(&key("x")).expect("remove"));
    assert_eq!(file.clear(SPACE).expect("clear") + file.sweep(SPACE, SystemTime::now()).expect("sweep"), 0);
    assert_eq!(names(dir.path()), [""; 0]);
    file.put(&key("x"), b"entry", None).expect("put");
    assert_eq!(names(&dir.path().join("a")), ["cache.json", "cache.json.lock"]);
}

#[test]
fn cch_59_a_corrupt_file_is_reported_taken_for_empty_and_overwritten() {
    for damage in ["{\"app::posts::fetch\": {\"x\": {\"cac", "not json", "{} {}", "\0\0\0\0"] {
        let dir = TempDir::new();
        let file = JsonFile::new(path(&dir));
        file.put(&key("old"), b"entry", None).expect("put");
        fs::write(path(&dir), damage).expect("written");
        let error = file.get(&key("old")).expect_err("damaged");
        assert_eq!(error.kind(), Kind::Damaged, "{damage}");
        assert!(!file.remove(&key("old")).expect("remove"));
        file.put(&key("new"), b"entry", None).expect("put");
        assert_eq!(file.get(&key("old")).expect("get"), None);
        assert_eq!(file.get(&key("new")).expect("get").as_deref(), Some(&b"entry"[..]));
        assert_eq!(fs::read_to_string(dir.path().join("cache.json.damaged")).expect("there"), damage);
    }
}

#[test]
fn an_empty_file_is_an_empty_store() {
    let dir = TempDir::new();
    fs::write(path(&dir), " \n").expect("written");
    let file = JsonFile::new(path(&dir));
    assert_eq!(file.get(&key("x")).expect("get"), None);
    file.put(&key("x"), b"entry", None).expect("put");
    assert_eq!(names(dir.path()), ["cache.json", "cache.json.lock"]);
}

#[test]
fn json_of_others_is_let_be() {
    for theirs in ["{\"name\": \"theirs\"}", "[]", "null", "{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": [{}]}}"] {
        let dir = TempDir::new();
        fs::write(path(&dir), theirs).expect("written");
        let file = JsonFile::new(path(&dir));
        for error in [file.get(&key("x")).err(), file.put(&key("x"), b"entry", None).err(), file.clear(SPACE).err()] {
            let error = error.expect("not ours");
            assert_eq!(error.kind(), Kind::Invalid);
            assert!(error.to_string().contains("choose another name"), "{error}");
        }
        assert_eq!(fs::read_to_string(path(&dir)).expect("there"), theirs);
    }
}

#[cfg(unix)]
#[test]
fn cch_61_writes_of_others_are_neither_lost_nor_missed() {
    let dir = TempDir::new();
    let (one, (_link, other)) = (JsonFile::new(path(&dir)), elsewhere(&dir));
    for n in 0..50 {
        let (a, b) = (key(&format!("one {n}")), key(&format!("other {n}")));
        one.put(&a, b"1", None).expect("put");
        other.put(&b, b"2", None).expect("put");
        assert_eq!(one.get(&b).expect("get").as_deref(), Some(&b"2"[..]));
        assert_eq!(other.get(&a).expect("get").as_deref(), Some(&b"1"[..]));
    }
    assert_eq!(one.len(SPACE).expect("len"), 100);
    // Entries of one length, so that neither the length nor, often, the time of the file tells.
    for n in 0..200_u8 {
        other.put(&key("same"), &[n], None).expect("put");
        assert_eq!(one.get(&key("same")).expect("get"), Some(vec![n]));
    }
    assert!(other.remove(&key("same")).expect("remove"));
    assert_eq!(one.get(&key("same")).expect("get"), None);
}

#[test]
fn a_file_that_others_lay_out_anew_keeps_its_entries() {
    let dir = TempDir::new();
    let file = JsonFile::new(path(&dir));
    file.put(&key("x"), &sealed(None), None).expect("put");
    let text = fs::read_to_string(path(&dir)).expect("there");
    fs::write(path(&dir), text.replace("\n    ", "\n\t\t")).expect("written");
    let entry = file.get(&key("x")).expect("get").expect("there");
    let identity = Identity { namespace: SPACE, key: b"x" };
    envelope::open(&entry, "json", &identity).expect("intact");
}

#[test]
fn only_expired_entries_of_the_namespace_are_swept() {
    let dir = TempDir::new();
    let (file, now) = (JsonFile::new(path(&dir)), SystemTime::now());
    for (name, expires) in [("old", Some(now - HOUR)), ("later", Some(now + HOUR)), ("never", None)] {
        file.put(&key(name), &sealed(expires), expires).expect("put");
    }
    let foreign = Key { namespace: "app::other".into(), ..key("old") };
    file.put(&foreign, &sealed(Some(now - HOUR)), None).expect("put");
    assert_eq!(file.sweep(SPACE, now).expect("sweep"), 1);
    assert_eq!((file.len(SPACE).expect("len"), file.len("app::other").expect("len")), (2, 1));
    assert_eq!(file.clear(SPACE).expect("clear"), 2);
    assert!(file.get(&foreign).expect("get").is_some());
}

#[test]
fn a_leftover_of_a_dead_process_is_no_obstacle() {
    let dir = TempDir::new();
    let file = JsonFile::new(path(&dir));
    fs::write(dir.path().join("cache.json.tmp"), "torn").expect("written");
    file.put(&key("x"), b"entry", None).expect("put");
    assert_eq!(names(dir.path()), ["cache.json", "cache.json.lock"]);
}

#[cfg(unix)]
#[test]
fn only_our_user_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    JsonFile::new(dir.path().join("a/cache.json")).put(&key("x"), b"entry", None).expect("put");
    for (path, expected) in [("a", 0o700), ("a/cache.json", 0o600), ("a/cache.json.lock", 0o600)] {
        let mode = fs::metadata(dir.path().join(path)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{path}");
    }
}

#[test]
fn what_can_not_be_used_is_unavailable() {
    let dir = TempDir::new();
    fs::write(dir.path().join("file"), "mine").expect("written");
    fs::create_dir(path(&dir)).expect("made");
    for path in [path(&dir), dir.path().join("file/cache.json")] {
        let error = JsonFile::new(path).put(&key("x"), b"entry", None).expect_err("no file");
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    }
}

#[test]
fn urls_make_stores() {
    let file = JsonFile::from_url("json:///var/my%20cache.json?durability=power").expect("valid");
    assert_eq!((file.describe(), &*Backend::format(&file)), ("json:///var/my cache.json".into(), "json"));
    for (url, part) in [
        ("json://", "path is missing"),
        ("json:///", "a file is missing"),
        ("json:///x?format=msgpack", "there are: durability"),
        ("json:///x?durability=disk", "`process` or `power`"),
        ("file:///x", "not file://"),
    ] {
        let error = JsonFile::from_url(url).expect_err(url);
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(part), "{error}");
    }
}
