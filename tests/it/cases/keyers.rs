//! Cases of all four about keys in stores.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
};

use cacher::keyer::{self, CallKey, Hash, Keyer, Readable};
use serde_json::json;

use super::prelude::*;
use crate::common::{files_below, only_file};

/// What a call of a function is called, without calling it.
macro_rules! stored {
    ($($entry:tt)*) => { $($entry)*.explain().stored_key.unwrap() };
}

/// What there were keyword arguments are arguments here, in the order in which they are declared.
#[test]
fn cch_14_arguments_come_in_the_order_of_declaration() {
    #[cache(backend = "file://./unused", keyer = |call| format!("{:?}", call.arguments().collect::<Vec<_>>()))]
    fn f(one: u8, test: &str, x: u8) -> u8 {
        let _ = test;
        one + x
    }
    let expected = r#"[Argument { name: "one", value: 1 }, Argument { name: "test", value: test }, Argument { name: "x", value: 2 }]"#;
    assert_eq!(stored!(f::entry(1, "test", 2)), expected);
}

/// A call has no keyword arguments; a map is what has no order.
#[test]
fn cch_17_the_order_of_a_map_does_not_matter() {
    let maps = || (0..50).map(|n| (n.to_string(), n)).collect::<HashMap<_, _>>();
    let name_of_all = keyer::from_fn(|call| Hash.name(call));
    let samples: Vec<_> = (0..10).map(|_| maps()).collect();
    assert_eq!(keyer::check(&name_of_all, &["x"], &samples), Ok(()));
    #[cache(backend = "file://./unused")]
    fn f(x: &BTreeMap<u8, u8>) -> usize {
        x.len()
    }
    let (one, other) = (BTreeMap::from([(1, 2), (2, 1)]), BTreeMap::from([(2, 1), (1, 2)]));
    assert_eq!(stored!(f::entry(&one)), stored!(f::entry(&other)));
}

#[test]
fn cch_19_a_hash_function_of_ones_own() {
    #[cache(backend = "file://./unused", keyer = Hash::with(|identity| format!("hash_{}", identity.len())))]
    fn f(key: &str) -> usize {
        key.len()
    }
    assert_eq!(stored!(f::entry("abc")), "hash_18");
}

/// A sequence and a tuple are of two types, so that a function takes one of them.
#[test]
fn cch_22_values_that_are_written_alike_have_different_keys() {
    let samples =
        [json!(1), json!("1"), json!(1.0), json!(true), json!(null), json!("true"), json!("null"), json!([1, 2])];
    assert_eq!(keyer::check(&Hash, &["x"], &samples), Ok(()));
    assert_eq!(keyer::check(&Readable::new(), &["x"], &samples), Ok(()));
}

/// These names were written by another run.
#[test]
fn cch_23_keys_are_the_same_in_every_process() {
    #[cache(backend = "file://./unused")]
    fn hashed(a: &str, b: &[u8], c: Option<(i8, char)>, d: &BTreeMap<u8, bool>) -> u8 {
        let _ = (a, b, c, d);
        0
    }
    #[cache(backend = "file://./unused", keyer = readable)]
    fn readable(a: &str, b: &[u8], c: Option<(i8, char)>, d: &BTreeMap<u8, bool>) -> u8 {
        let _ = (a, b, c, d);
        0
    }
    let map = BTreeMap::from([(1, true)]);
    assert_eq!(
        stored!(hashed::entry("é", b"\x00\xff", Some((-1, 'x')), &map)),
        "f6a1436858b05f85a9cc9f12e14d90d3f751c87116914066cb29fc7c815f50dc"
    );
    let name = stored!(readable::entry("é", b"\x00\xff", Some((-1, 'x')), &map));
    assert_eq!(name, "readable_a=%c3%a9_b=[0,255]_c=[-1,x]_d={1=true}");
}

/// The endpoint is the function's name. Names of arguments come in small letters and in the order of declaration; an
/// argument that stands without its name begins with its slash, which tells it from another.
#[test]
fn cch_31_a_readable_file_name() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = readable)]
    fn posts(user_id: u64, sort: &str) -> String {
        format!("{user_id} {sort}")
    }
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = Readable::new().unnamed("endpoint"))]
    fn get(endpoint: &str, user_id: u64) -> String {
        format!("{endpoint} {user_id}")
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    posts(1, "asc");
    get("/posts", 2);
    let files = files_below(dir.path());
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["get_%2fposts_user_id=2.json", "posts_user_id=1_sort=asc.json"]);
}

#[test]
fn cch_32_a_hash_as_a_file_name() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = hash)]
    fn posts(user_id: u64) -> u64 {
        user_id
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    posts(1);
    let file = only_file(dir.path());
    assert_eq!(file.extension().unwrap(), "json");
    assert_eq!(file.file_stem().unwrap().to_str(), posts::entry(1).explain().stored_key.as_deref());
    assert_eq!(file.file_stem().unwrap().len(), 64);
}

on_files! {
    cch_34_no_two_keys_share_a_file_and_none_leaves_the_directory:
    #[cache(keyer = readable)]
    fn f(key: &str) -> String { key.to_owned() }
    {
        let long = "long/".repeat(60);
        let keys = ["a/b", "a.b", "a\\b", "a b", "a+b", "A/B", "..", "../x", "../../x", "/etc/passwd", "", ".", "nul", &long];
        for _ in 0..2 {
            keys.iter().for_each(|key| assert_eq!(f(key), *key));
        }
        assert_eq!(RUNS.load(SeqCst), 14);
        assert_eq!(files_below(DIR.get().unwrap()).len(), 14);
        assert_eq!(fs::read_dir(DIR.get().unwrap()).unwrap().count(), 1);
        assert!(files_below(DIR.get().unwrap()).iter().all(|file| file.file_name().unwrap().len() <= 255));
    }
}

/// BLAKE3 in hexadecimal digits in place of SHA-3 in base 85: safe as a file name everywhere.
#[test]
fn ctu_31_the_hash_of_a_key_is_pinned() {
    #[cache(backend = "file://./unused")]
    fn f(key: &str) -> usize {
        key.len()
    }
    assert_eq!(stored!(f::entry("Hello World!")), "0092bbe6a56c9b183bfe2f50b32c23cb67e83c8c245bb4619307a824107adf2b");
}

/// Without the JSON. What has no order must be a set in its type: a `HashSet` cannot be an argument.
#[test]
fn ctu_32_readable_keys_of_texts_and_of_no_arguments() {
    #[cache(backend = "file://./unused", keyer = readable)]
    fn json_key() -> u8 {
        0
    }
    #[cache(backend = "file://./unused", keyer = readable)]
    fn two(b: u8, a: u8) -> u8 {
        a + b
    }
    #[cache(backend = "file://./unused", keyer = readable)]
    fn text(it: &str) -> usize {
        it.len()
    }
    assert_eq!((stored!(json_key::entry()), stored!(two::entry(1, 2))), ("json_key".into(), "two_b=1_a=2".into()));
    assert_eq!(stored!(text::entry("é")), "text_it=%c3%a9");
}

/// A keyer of one's own; ours escapes what separates, in place of writing it twice.
#[test]
fn cty_55_a_key_of_module_function_and_values() {
    fn with_colons(call: &CallKey<'_>) -> String {
        let values = call.arguments().map(|argument| argument.value.to_string().replace(':', "::"));
        values.fold(format!("app:{}", call.function()), |key, value| key + ":" + &value)
    }
    #[cache(backend = "file://./unused", keyer = keyer::from_fn(with_colons))]
    fn own(a: &str, b: u8) -> usize {
        a.len() + usize::from(b)
    }
    #[cache(backend = "file://./unused", keyer = readable)]
    fn ours(a: &str, foo: &str) -> usize {
        a.len() + foo.len()
    }
    assert_eq!(
        (stored!(own::entry("1", 42)), stored!(own::entry("a:b", 1))),
        ("app:own:1:42".into(), "app:own:a::b:1".into())
    );
    assert_eq!(stored!(ours::entry("a:b", "qux:quux")), "ours_a=a%3ab_foo=qux%3aquux");
}

/// The hash of the encoding, which has no name of a function in it: a store keeps functions apart by itself.
#[test]
fn cty_56_the_hash_of_two_texts_is_pinned() {
    #[cache(backend = "file://./unused")]
    fn callable(a: &str, foo: &str) -> usize {
        a.len() + foo.len()
    }
    #[cache(backend = "file://./unused")]
    fn none() -> u8 {
        0
    }
    assert_eq!(
        stored!(callable::entry("a:b", "bar")),
        "9c6d5cebacae36312b5a1b1bb4f06e3fc1d15208247864fa61cbb44fc72eaa6a"
    );
    assert_eq!(stored!(none::entry()), "86f47da60dcf3c2c269547ef318c3b0a6205f20f98d2b42c47b6c9cae4590781");
}

on_files! {
    /// In memory such keys are told apart as well: see `keys_of_one_hash_are_told_apart_and_swept`.
    cme_64_keys_of_one_hash_never_get_each_others_value:
    #[cache(keyer = Hash::with(|_| "same".into()))]
    fn f(key: u64) -> u64 { key * 10 }
    {
        for key in [1, 2, 1, 2, 2] {
            assert_eq!(f(key), key * 10);
        }
        assert_eq!((RUNS.load(SeqCst), files_below(DIR.get().unwrap()).len()), (4, 1));
    }
}
