//! What the stores on this machine promise to several processes: copies of the test program, each of which runs the
//! ignored test `child_writes`.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use cacher_core::backend::{Backend, Key};

pub(crate) const SPACE: &str = "app::posts::fetch";
/// Tell a child where to write, and under which names.
const DIR: &str = "CACHER_TEST_CHILD_DIR";
const NAME: &str = "CACHER_TEST_CHILD_NAME";
const SHORT: usize = 1_000;
const LONG: usize = 9_000;
const WRITES: usize = 60;
/// How many writers are killed, unless `CACHER_TEST_KILLS` says how many.
const KILLS: u64 = 20;

type Open<'a> = &'a dyn Fn() -> Arc<dyn Backend>;

pub(crate) fn key(name: &str) -> Key {
    Key { namespace: SPACE.into(), name: name.into(), format: "json" }
}

/// What a child does: entries under keys of its own, and under one that it shares with all.
pub(crate) fn child_writes_to(open: impl Fn(&Path) -> Arc<dyn Backend>) {
    let Some(dir) = env::var_os(DIR) else { return };
    let (store, child) = (open(&PathBuf::from(dir)), env::var(NAME).expect("a name"));
    for n in 0..WRITES {
        store.put(&key(&format!("{child} {n}")), &whole(n), None).expect("put");
        store.put(&key("shared"), &whole(n), None).expect("put");
    }
}

/// Four processes write at once: each entry is there, and the shared one is whole.
pub(crate) fn processes_lose_nothing(dir: &Path, open: Open<'_>) {
    let children: Vec<Child> = (0..4).map(|child| start(dir, &format!("child {child}"))).collect();
    for child in children {
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let store = open();
    for child in 0..4 {
        for n in 0..WRITES {
            let found = store.get(&key(&format!("child {child} {n}"))).expect("get");
            assert!(found == Some(whole(n)), "child {child}, entry {n}");
        }
    }
    assert_whole(&store.get(&key("shared")).expect("get").expect("there"));
    assert_eq!(store.len(SPACE).expect("len"), 4 * WRITES as u64 + 1);
}

/// Writers that are killed at any instant leave the old entry, the new one, or none; and a store that works.
pub(crate) fn survives_kills(dir: &Path, open: Open<'_>) {
    open().put(&key("before"), &whole(0), None).expect("put");
    let kills = env::var("CACHER_TEST_KILLS").map_or(KILLS, |number| number.parse().expect("a number"));
    for round in 0..kills {
        let name = format!("round {round}");
        let mut child = start(dir, &name);
        let store = open();
        while store.get(&key(&format!("{name} 0"))).expect("get").is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(round * 700 % 15_000));
        child.kill().expect("killed");
        child.wait().expect("ended");
        drop(store);
        let store = open();
        for name in (0..WRITES).map(|n| format!("{name} {n}")).chain(["shared".into()]) {
            if let Some(entry) = store.get(&key(&name)).expect("get") {
                assert_whole(&entry);
            }
        }
        assert_eq!(store.get(&key("before")).expect("get"), Some(whole(0)));
        store.put(&key("after"), &whole(1), None).expect("put");
    }
}

fn start(dir: &Path, name: &str) -> Child {
    Command::new(env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "child_writes", "--quiet", "--nocapture"])
        .env(DIR, dir)
        .env(NAME, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

fn whole(n: usize) -> Vec<u8> {
    if n.is_multiple_of(2) { vec![b'a'; SHORT] } else { vec![b'b'; LONG] }
}

fn assert_whole(entry: &[u8]) {
    assert!(entry == whole(0) || entry == whole(1), "{} bytes", entry.len());
}
