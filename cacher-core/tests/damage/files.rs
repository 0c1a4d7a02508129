//! Files and databases that are changed as a whole.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use cacher_core::{
    backend::{Backend, file::Files, json_file::JsonFile, lmdb::Lmdb, sqlite::Sqlite},
    direct::Cache,
    error::{Kind, Result},
    testkit::TempDir,
};

use super::{damaged, filled};

/// Puts a file in the place of another at once, as a program does that writes it anew.
fn replace(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("theirs");
    fs::write(&beside, bytes).expect("written");
    fs::rename(beside, path).expect("renamed");
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(dir).expect("a directory").map(|found| found.expect("readable").path());
    found.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_damaged_file_is_a_miss() {
    let dir = TempDir::new();
    let cache = filled(Files::new(dir.path()), "json", [&1_u8, &2]);
    let files = files_below(dir.path());
    let whole: Vec<_> = files.iter().map(|file| fs::read(file).expect("there")).collect();
    for changed in damaged(&whole[0]) {
        replace(&files[0], &changed);
        let before = cache.stats().store_errors;
        let found = [cache.get(&0), cache.get(&1)];
        let missed = found.iter().filter(|value| value.is_none()).count() as u64;
        assert!(found[0].is_none_or(|value| value == 1) && found[1].is_none_or(|value| value == 2));
        assert_eq!(cache.stats().store_errors - before, missed);
    }
    // Each in the place of the other.
    replace(&files[0], &whole[1]);
    replace(&files[1], &whole[0]);
    assert_eq!([cache.get(&0), cache.get(&1)], [None, None]);
    assert_eq!([cache.get_or_load(&0, || 1), cache.get_or_load(&1, || 2)], [1, 2]);
    assert_eq!([cache.get(&0), cache.get(&1)], [Some(1), Some(2)]);
}

#[test]
fn a_damaged_json_file_is_a_miss() {
    let dir = TempDir::new();
    let path = dir.path().join("cache.json");
    let cache = filled(JsonFile::new(&path), "json", [&1_u8, &2]);
    let whole = fs::read(&path).expect("there");
    for changed in damaged(&whole) {
        replace(&path, &changed);
        // A name that was changed is another entry's, so that not each miss is a fault.
        for (key, value) in [(0, 1), (1, 2)] {
            assert!(cache.get(&key).is_none_or(|found| found == value));
        }
    }
    replace(&path, &whole[..whole.len() / 2]);
    let before = cache.stats().store_errors;
    assert_eq!((cache.get(&0), cache.stats().store_errors), (None, before + 1));
    assert_eq!((cache.get_or_load(&0, || 1), cache.get(&0), cache.get(&1)), (1, Some(1), None));
}

#[test]
fn a_row_of_other_types_is_a_miss() {
    let dir = TempDir::new();
    let path = dir.path().join("cache.db");
    let cache = filled(Sqlite::open(&path).expect("open"), "msgpack", [&1_u8, &2]);
    let database = rusqlite::Connection::open(&path).expect("open");
    for value in ["'text'", "7", "1.5", "x''", "zeroblob(100)", "randomblob(100)"] {
        database.execute(&format!("UPDATE cacher SET entry = {value}, expires = 'never'"), []).expect("updated");
        let before = cache.stats().store_errors;
        assert_eq!((cache.get(&0), cache.get(&1), cache.stats().store_errors), (None, None, before + 2), "{value}");
    }
    database.execute("DROP TABLE cacher", []).expect("dropped");
    assert_eq!((cache.get(&0), cache.get_or_load(&1, || 2)), (None, 2));
}

/// What may be read of a store, whatever became of its file, and what is written then.
fn assert_never_wrong(opened: Result<impl Backend>) {
    let store = match opened {
        Ok(store) => store,
        Err(error) => return assert!(matches!(error.kind(), Kind::Invalid | Kind::Damaged | Kind::Unavailable)),
    };
    let cache: Cache<u8, Vec<u8>> = Cache::builder().name("damage").backend(store).build().expect("built");
    for key in 0..2 {
        let value = vec![key; 3000];
        assert!(cache.get(&key).is_none_or(|found| found == value));
        assert_eq!(cache.get_or_load(&key, || value.clone()), value);
    }
}

/// A file cut short at many lengths, and of other bytes altogether.
fn ruined(whole: &[u8]) -> Vec<Vec<u8>> {
    let cut = (0..whole.len()).step_by(1021).map(|end| whole[..end].to_vec());
    let other = [vec![0xff; whole.len()], vec![0; whole.len()], b"theirs".repeat(2000)];
    cut.chain(other).collect()
}

/// The same file with garbage at many places.
fn scratched(whole: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..whole.len()).step_by(61).map(|at| {
        let mut changed = whole.to_vec();
        changed[at..].iter_mut().take(64).for_each(|byte| *byte ^= 0xa5);
        changed
    })
}

fn values() -> [Vec<u8>; 2] {
    [vec![0; 3000], vec![1; 3000]]
}

#[test]
fn a_ruined_database_is_an_error_or_a_miss() {
    let dir = TempDir::new();
    let path = dir.path().join("whole.db");
    let [zero, one] = values();
    drop(filled(Sqlite::open(&path).expect("open"), "msgpack", [&zero, &one]));
    let whole = fs::read(&path).expect("there");
    assert!(whole.len() > 8 << 10, "the log is written back when the last connection closes");
    for (n, ruined) in ruined(&whole).into_iter().chain(scratched(&whole)).enumerate() {
        let path = dir.path().join(format!("{n}.db"));
        fs::write(&path, ruined).expect("written");
        assert_never_wrong(Sqlite::open(&path));
    }
}

/// In a process of its own: what a memory map meets behind the end of its file ends the process. LMDB has no checksums,
/// and trusts what other programs wrote into its pages, so those are not scratched.
#[test]
fn a_ruined_environment_ends_no_process() {
    let test = Command::new(env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "files::ruined_environments", "--quiet", "--nocapture"])
        .output()
        .expect("a child");
    assert!(test.status.success(), "{:?} {}", test.status, String::from_utf8_lossy(&test.stdout));
}

#[test]
#[ignore = "a part of another test"]
fn ruined_environments() {
    let dir = TempDir::new();
    let [zero, one] = values();
    drop(filled(Lmdb::open(dir.path().join("whole")).expect("open"), "msgpack", [&zero, &one]));
    let whole = fs::read(dir.path().join("whole/data.mdb")).expect("there");
    for (n, ruined) in ruined(&whole).into_iter().enumerate() {
        let path = dir.path().join(n.to_string());
        fs::create_dir(&path).expect("made");
        println!("{n}: {} bytes of {}", ruined.len(), whole.len());
        fs::write(path.join("data.mdb"), ruined).expect("written");
        assert_never_wrong(Lmdb::open(&path));
    }
}
