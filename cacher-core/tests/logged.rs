//! The wrapper that logs passes what its backend passes, and tells one record of each operation.
#![cfg(feature = "file")]

use std::sync::{Arc, Mutex};

use cacher_core::{
    backend::{
        Backend, Key, Put,
        file::Files,
        logged::{Logged, Outcome},
    },
    error::Kind,
    testkit::{TempDir, conformance},
};

type Lines = Arc<Mutex<Vec<String>>>;

fn logged(dir: &TempDir) -> (Logged, Lines) {
    let lines = Lines::default();
    let sink = Arc::clone(&lines);
    let logged = Logged::new(Files::new(dir.path()), move |record| {
        let key = record.key.unwrap_or("-");
        let line = format!("{} {} {key}: {}", record.operation, record.namespace, record.outcome);
        sink.lock().expect("no panic").push(line);
    });
    (logged, lines)
}

fn key(name: &str) -> Key {
    Key { namespace: "my::posts".into(), name: name.into(), format: "json" }
}

#[test]
fn it_passes_the_conformance_suite() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Logged::new(Files::new(dir.path()), |_| {})));
}

#[test]
fn a_sink_that_panics_changes_nothing() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Logged::new(Files::new(dir.path()), |_| panic!("a bad sink"))));
}

#[test]
fn ctu_29_each_operation_is_told_once_and_its_result_is_the_backends() {
    let dir = TempDir::new();
    let (logged, lines) = logged(&dir);
    let inner = Files::new(dir.path());
    logged.put(&key("hello"), b"World!", None).expect("stored");
    assert_eq!(logged.get(&key("hello")).expect("read"), inner.get(&key("hello")).expect("read"));
    assert_eq!(logged.get(&key("nothing")).expect("read"), None);
    assert!(logged.remove(&key("hello")).expect("removed"));
    assert!(!logged.remove(&key("hello")).expect("removed"));
    let put = Put { key: key("a"), entry: b"1".to_vec(), expires: None };
    logged.put_many(&[put]).expect("stored");
    assert_eq!(logged.get_many(&[key("a"), key("b")]).expect("read"), [Some(b"1".to_vec()), None]);
    assert_eq!(logged.clear("my::posts").expect("cleared"), inner.clear("my::posts").expect("cleared"));
    let mut told = lines.lock().expect("no panic").clone();
    let last = told.pop().expect("a line");
    assert!(last.starts_with("clear my::posts -: "), "{last}");
    assert_eq!(
        told,
        [
            "put my::posts hello: 6 bytes",
            "get my::posts hello: 6 bytes",
            "get my::posts nothing: absent",
            "remove my::posts hello: done",
            "remove my::posts hello: not done",
            "put_many my::posts -: 1 entries",
            "get_many my::posts -: 1 entries",
        ]
    );
}

/// Reads nothing.
struct Broken;

impl Backend for Broken {
    fn describe(&self) -> String {
        "broken".into()
    }

    fn get(&self, _: &Key) -> cacher_core::error::Result<Option<Vec<u8>>> {
        Err(cacher_core::error::Error::new(Kind::Unavailable, "out of order"))
    }

    fn put(&self, _: &Key, _: &[u8], _: Option<std::time::SystemTime>) -> cacher_core::error::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &Key) -> cacher_core::error::Result<bool> {
        Ok(false)
    }
}

#[test]
fn an_error_is_told_and_handed_on() {
    let lines = Lines::default();
    let sink = Arc::clone(&lines);
    let logged = Logged::new(Broken, move |record| {
        assert!(matches!(record.outcome, Outcome::Failed(_)));
        sink.lock().expect("no panic").push(record.to_string());
    });
    assert_eq!(logged.get(&key("a")).expect_err("broken").kind(), Kind::Unavailable);
    assert_eq!(logged.touch(&key("a"), None).expect_err("unsupported").kind(), Kind::Unsupported);
    let lines = lines.lock().expect("no panic");
    assert!(lines[0].starts_with("get my::posts a: failed, out of order, in "), "{}", lines[0]);
    assert!(lines[0].ends_with(" (broken)"), "{}", lines[0]);
    assert_eq!(lines.len(), 2);
}
