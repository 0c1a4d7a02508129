//! The stores on Redis, against real servers.

#![cfg(feature = "redis")]

use std::sync::Arc;

use cacher_core::{
    backend::{driven::Driven, redis::Redis},
    testkit::conformance,
};

#[test]
fn a_server_keeps_the_contract() {
    let store = Driven::new(Redis::from_url("redis://127.0.0.1:17379/1").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_socket_keeps_the_contract() {
    let store = Driven::new(Redis::from_url("redis+unix:///tmp/r/sock?db=2").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_cluster_keeps_the_contract() {
    let store = Driven::new(Redis::from_url("redis-cluster://127.0.0.1:17501,127.0.0.1:17502").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}
