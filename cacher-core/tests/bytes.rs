//! The stores that last no longer than the process: `memory://?format=..` and `null://`.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{Backend, Cost, Key, Put, bytes::Bytes, null::Null},
    error::Kind,
    testkit::conformance,
};

const HOUR: Duration = Duration::from_secs(3600);

fn key(name: &str) -> Key {
    Key { namespace: "app::fetch".into(), name: name.into(), format: "json" }
}

#[test]
fn bytes_in_memory_keep_the_contract() {
    let bytes = Bytes::new();
    conformance::run(|| Arc::new(bytes.clone()));
}

#[test]
fn each_store_of_bytes_is_one_of_its_own() {
    let stores = [Bytes::new(), Bytes::from_url("memory://?format=msgpack").expect("valid")];
    stores[0].put(&key("x"), b"entry", None).expect("put");
    assert_eq!(stores[1].get(&key("x")).expect("get"), None);
    assert_ne!(stores[0].describe(), stores[1].describe());
    assert_eq!((stores[0].cost(), stores[0].capabilities().durable), (Cost::InPlace, false));
}

#[test]
fn touched_bytes_live_longer() {
    let (bytes, now) = (Bytes::new(), SystemTime::now());
    for name in ["touched", "swept"] {
        bytes.put(&key(name), b"entry", Some(now - HOUR)).expect("put");
    }
    assert!(bytes.touch(&key("touched"), Some(now + HOUR)).expect("touch"));
    assert_eq!(bytes.sweep("app::fetch", now).expect("sweep"), 1);
    assert!(bytes.get(&key("touched")).expect("get").is_some());
}

#[test]
fn cty_23_null_takes_everything_and_keeps_nothing() {
    let null = Null::from_url("null://").expect("valid");
    let foo = key("foo");
    null.put_many(&[Put { key: foo.clone(), entry: b"entry".to_vec(), expires: None }]).expect("put_many");
    assert_eq!(null.get_many(std::slice::from_ref(&foo)).expect("get_many"), [None]);
    null.put(&foo, b"entry", None).expect("put");
    assert_eq!(null.get(&foo).expect("get"), None);
    assert!(!null.remove(&foo).expect("remove"));
    for _ in 0..2 {
        assert!(null.put_if_absent(&foo, b"entry", None).expect("put_if_absent"));
    }
    assert!(!null.touch(&foo, None).expect("touch"));
    let counts = [null.len("app::fetch"), null.clear("app::fetch"), null.sweep("app::fetch", SystemTime::now())];
    assert_eq!(counts.map(|count| count.expect("a count")), [0, 0, 0]);
}

#[test]
fn wrong_urls_say_what_is_wrong() {
    for (error, part) in [
        (Null::from_url("null://here").expect_err("a place"), "`null://`"),
        (Null::from_url("null://?format=json").expect_err("a parameter"), "it has none"),
        (Bytes::from_url("memory://").expect_err("typed"), "memory://?format=msgpack"),
        (Bytes::from_url("memory://?format=").expect_err("empty"), "memory://?format=msgpack"),
        (Bytes::from_url("memory://?format=json&capacity=9").expect_err("a bound"), "there are: format"),
    ] {
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(part), "{error}");
    }
}
