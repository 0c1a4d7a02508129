//! Processes that write one store at once.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use cacher_core::{
    backend::{Key, Scanned},
    testkit::TempDir,
};

use crate::{
    entries::{SPACE, entry, key, write_of},
    subject::{Store, Subject, Wrapper},
};

/// Tell a child what to write to, where, and under which name.
const SUBJECT: &str = "CACHER_TEST_TOGETHER";
const DIR: &str = "CACHER_TEST_DIR";
const NAME: &str = "CACHER_TEST_NAME";
/// How many entries each writes under keys of its own.
const OWN: u64 = 60;

fn own(child: &str, n: u64) -> Key {
    Key { name: format!("{child} {n}").into(), ..key(0) }
}

fn lose_nothing(store: Store) {
    let subject = Subject { store, wrapper: Wrapper::None };
    for processes in [2, 4] {
        let dir = TempDir::new();
        let children: Vec<_> = (0..processes).map(|child| start(subject, dir.path(), &child.to_string())).collect();
        for child in children {
            let output = child.wait_with_output().expect("ended");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        let store = subject.inner(dir.path());
        for child in 0..processes {
            for n in 0..OWN {
                let found = store.get(&own(&child.to_string(), n)).expect("get").expect("nothing is lost");
                assert_eq!(write_of(&found), n, "{subject:?}, {child}");
            }
        }
        // The one that all write is of the last of each, and stands there once.
        let shared = store.get(&key(0)).expect("get").expect("there");
        assert_eq!(write_of(&shared), OWN - 1);
        assert_eq!(store.len(SPACE).expect("len"), processes * OWN + 1);
        let mut seen = 0;
        let visit = &mut |found: Scanned| {
            write_of(&found.entry);
            seen += 1;
            true
        };
        store.scan(SPACE, visit).expect("scan");
        assert_eq!(seen, processes * OWN + 1);
    }
}

#[test]
fn processes_that_write_files_at_once_lose_nothing() {
    lose_nothing(Store::File);
}

#[test]
fn processes_that_write_a_json_file_at_once_lose_nothing() {
    lose_nothing(Store::JsonFile);
}

#[test]
fn processes_that_write_sqlite_at_once_lose_nothing() {
    lose_nothing(Store::Sqlite);
}

#[test]
fn processes_that_write_lmdb_at_once_lose_nothing() {
    lose_nothing(Store::Lmdb);
}

fn start(subject: Subject, dir: &Path, name: &str) -> Child {
    Command::new(env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "together::child", "--quiet", "--nocapture"])
        .env(SUBJECT, subject.name())
        .env(DIR, dir)
        .env(NAME, name)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child")
}

/// Not a test of its own: what the others run in processes.
#[test]
#[ignore = "a part of other tests"]
fn child() {
    let Ok(subject) = env::var(SUBJECT) else { return };
    let (dir, name) = (env::var_os(DIR).expect("told"), env::var(NAME).expect("told"));
    let store = Subject::named(&subject).inner(&PathBuf::from(dir));
    for n in 0..OWN {
        store.put(&own(&name, n), &entry(n), None).expect("put");
        store.put(&key(0), &entry(n), None).expect("put");
        assert!(store.get(&key(0)).expect("get").is_some(), "the entry that all write is always there");
    }
}
