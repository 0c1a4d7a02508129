//! Backends by name.
#![cfg(feature = "msgpack")]

use std::{sync::Arc, thread};

use cacher_core::{
    backend::{Backend, Key, bytes::Bytes, null::Null},
    error::{Error, Kind},
    registered::{register, registered},
    testkit::conformance,
};

fn key(name: &str) -> Key {
    Key { namespace: "app::fetch".into(), name: name.into(), format: "json" }
}

#[test]
fn a_registered_store_keeps_the_contract() {
    register("contract", Bytes::new()).expect("valid");
    conformance::run(|| Arc::new(registered("contract").expect("registered")));
}

#[test]
fn a_name_points_where_it_was_last_pointed() {
    let stores = [Bytes::new(), Bytes::new()];
    register("moves", stores[0].clone()).expect("valid");
    let moving = registered("moves").expect("registered");
    moving.put(&key("x"), b"first", None).expect("put");
    assert_eq!(moving.describe(), stores[0].describe());
    register("moves", stores[1].clone()).expect("valid");
    assert_eq!(moving.get(&key("x")).expect("get"), None);
    moving.put(&key("x"), b"second", None).expect("put");
    assert_eq!(moving.describe(), stores[1].describe());
    assert_eq!(stores[0].get(&key("x")).expect("get").as_deref(), Some(&b"first"[..]));
}

#[test]
fn what_can_not_be_opened_leaves_the_name_as_it_was() {
    register("kept", Null).expect("valid");
    let failed: Result<Null, _> = Err("not yet");
    assert_eq!(register("kept", failed).expect_err("failed").kind(), Kind::Unavailable);
    assert_eq!(register("kept", "file:/x").expect_err("no URL").kind(), Kind::Invalid);
    let typed = register("kept", "memory://").expect_err("typed");
    assert_eq!(typed.kind(), Kind::Invalid);
    assert!(typed.to_string().contains("memory://?format=msgpack"), "{typed}");
    assert_eq!(registered("kept").expect("registered").describe(), "null://");
}

#[test]
fn an_unknown_name_is_told_the_known_ones() {
    register("known", "null://").expect("valid");
    let error: Error = registered("unknown").expect_err("unknown");
    assert_eq!(error.kind(), Kind::Invalid);
    let text = error.to_string();
    assert!(text.contains("as `unknown`") && text.contains("`known`"), "{text}");
}

#[test]
fn names_that_point_in_a_circle_are_an_error() {
    register("a", Null).expect("valid");
    register("b", registered("a")).expect("valid");
    register("a", registered("b")).expect("valid");
    let error = registered("a").expect("registered").get(&key("x")).expect_err("a circle");
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.to_string().contains("is itself"), "{error}");
    register("a", Null).expect("valid");
    assert_eq!(registered("b").expect("registered").get(&key("x")).expect("get"), None);
}

#[test]
fn a_name_moves_while_it_is_used() {
    register("busy", Bytes::new()).expect("valid");
    let busy = registered("busy").expect("registered");
    thread::scope(|scope| {
        let using = scope.spawn(|| (0..2000).all(|_| busy.put(&key("x"), b"entry", None).is_ok()));
        while !using.is_finished() {
            register("busy", Bytes::new()).expect("valid");
        }
        assert!(using.join().expect("no panic"));
    });
}
