//! The stores on Redis, against real servers.

#![cfg(feature = "redis")]

use std::sync::Arc;

use cacher_core::{
    backend::{driven::Driven, redis::Redis},
    testkit::conformance,
};

/// The store at this URL, if there is a server.
fn keeps_the_contract(url: Option<String>) {
    let Some(url) = url else { return };
    let store = Driven::new(Redis::from_url(&url).expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_server_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis().map(|url| url + "/1"));
}

#[test]
fn a_socket_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_unix().map(|url| url + "?db=2"));
}

#[test]
#[cfg(feature = "redis_tls")]
fn a_server_by_tls_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_tls().map(|url| url.replace('?', "/3?")));
}

#[test]
fn a_cluster_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_cluster());
}

#[test]
fn what_sentinels_name_keeps_the_contract() {
    keeps_the_contract(cacher_servers::redis_sentinel());
}
