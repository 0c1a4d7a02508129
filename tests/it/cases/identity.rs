//! Cases of the Python libraries cacher and Cacheme that are about what identifies a call.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    process::Command,
};

use serde::Serialize;

use super::prelude::*;

on_every_backend! {
    cch_35_what_a_closure_hides_is_not_part_of_the_key:
    #[cache()]
    fn fetch(endpoint: &str, #[cache(ignore)] get: &dyn Fn(&str) -> String) -> String { get(endpoint) }
    {
        let with = |api_key: &'static str| move |endpoint: &str| format!("{endpoint} for {api_key}");
        assert_eq!(fetch("/posts", &with("one")), "/posts for one");
        assert_eq!(fetch("/posts", &with("two")), "/posts for one");
        assert_eq!(RUNS.load(SeqCst), 1);
        assert!(fetch::entry("/posts").contains());
    }
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Back at an earlier value the earlier entry is found again.
#[test]
fn cch_76_another_state_is_another_entry() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(depends_on = [COUNTER.load(SeqCst)])]
    fn sum(a: u64, b: u64, c: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        a + b + c + COUNTER.load(SeqCst)
    }
    assert_eq!((sum(1, 2, 3), sum(1, 2, 3)), (6, 6));
    COUNTER.store(1, SeqCst);
    assert_eq!((sum(1, 2, 3), sum(1, 2, 3)), (7, 7));
    COUNTER.store(0, SeqCst);
    assert_eq!((sum(1, 2, 3), RUNS.load(SeqCst)), (6, 2));
}

on_every_backend! {
    cch_82_ignored_arguments_are_not_part_of_the_key_and_reach_the_body:
    #[cache(ignore = [log])]
    fn square(n: u64, log: &mut Vec<u64>) -> u64 { log.push(n); n * n }
    {
        let (mut one, mut other) = (Vec::new(), vec![7]);
        assert_eq!((square(3, &mut one), square(3, &mut other)), (9, 9));
        assert_eq!((one, other), (vec![3], vec![7]));
        assert!(square::entry(3).contains());
    }
}

on_every_backend! {
    cme_32_functions_of_one_version_share_nothing:
    #[cache(version = "v1")]
    fn one(n: u64) -> u64 { n }
    {
        #[cache(backend = Files::new(DIR.get().unwrap()), version = "v1")]
        fn other(n: u64) -> u64 { 10 * n }
        assert_eq!((one(1), other(1), one(1), other(1)), (1, 10, 1, 10));
        assert_eq!(other::cache().stats().store_errors, 0);
    }
}

/// And those of the old version are there again after a rollback.
#[test]
fn cme_38_another_version_sees_no_entry_of_the_old() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = Files::new(DIR.get().unwrap()), name = "cme-38", version = "v1")]
    fn before(n: u64) -> u64 {
        2 * n
    }
    #[cache(backend = Files::new(DIR.get().unwrap()), name = "cme-38", version = "v2")]
    fn after(n: u64) -> u64 {
        3 * n
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    (0..3).for_each(|n| assert_eq!(before(n), 2 * n));
    assert!((0..3).all(|n| !after::entry(n).contains()));
    (0..3).for_each(|n| assert_eq!(after(n), 3 * n));
    assert_eq!((before::cache().len(), after::cache().len()), (3, 3));
    assert_eq!(after::cache().clear(), Removal::Removed);
    assert!((0..3).all(|n| before::entry(n).peek() == Some(2 * n)));
}

/// An argument of every kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum Kind {
    Unit,
    Newtype(String),
    Struct { bytes: Vec<u8>, inner: Option<Box<Self>>, by_name: BTreeMap<String, (u8, char)> },
}

#[cache(backend = Files::new(std::env::temp_dir().join("cacher-cch-23")), companions = all_kinds)]
#[expect(clippy::too_many_arguments, reason = "one of each kind")]
fn of_all_kinds(
    number: i128,
    float: f64,
    text: &str,
    bytes: &[u8],
    path: &Path,
    list: Option<Vec<Kind>>,
    map: &HashMap<String, u64>,
    set: HashSet<u64>,
    (flag, letter): (bool, char),
) -> u64 {
    let _ = (number, float, text, bytes, path, list, map, set, flag, letter);
    1
}

/// The stored key of one call. The maps and sets iterate differently each time.
fn stored_key() -> String {
    let nested = Kind::Struct {
        bytes: vec![0, 255],
        inner: Some(Box::new(Kind::Newtype("a".into()))),
        by_name: BTreeMap::from([("b".into(), (1, 'é'))]),
    };
    let map: HashMap<_, _> = (0..20).map(|n| (n.to_string(), n)).collect();
    let entry = all_kinds::entry(
        -1,
        -0.0,
        "é",
        b"\0",
        Path::new("a/b"),
        Some(vec![nested, Kind::Unit]),
        &map,
        (0..20).collect(),
        (true, '\n'),
    );
    entry.explain().stored_key.unwrap()
}

#[test]
#[ignore = "a part of another test"]
fn says_its_key() {
    println!("key: {}", stored_key());
}

#[test]
fn cch_23_keys_are_the_same_in_another_process() {
    let other = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "cases::identity::says_its_key", "--nocapture", "--quiet"]);
        let told = String::from_utf8(command.output().unwrap().stdout).unwrap();
        told.lines().find_map(|line| line.split_once("key: ")).map(|(_, key)| key.to_owned()).expect("a key")
    };
    assert_eq!((other(), other()), (stored_key(), stored_key()));
}
