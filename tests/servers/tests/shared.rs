//! The servers that all tests share answer.
#![allow(clippy::unwrap_used, reason = "in what the tests share too")]

use std::{os::unix::net::UnixStream, process::Command};

use cacher_servers::{self as servers, Probe, Reply, Resp};

/// The addresses in a URL, of one server or several.
fn addresses(url: &str) -> Vec<&str> {
    let authority = url.split_once("://").unwrap().1.split(['/', '?']).next().unwrap();
    authority.rsplit('@').next().unwrap().split(',').collect()
}

fn each_answers(url: Option<String>, count: usize, probe: Probe) {
    let Some(url) = url else { return };
    let addresses = addresses(&url);
    assert_eq!(addresses.len(), count);
    for address in addresses {
        probe.ask(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    }
}

fn socket_answers(url: Option<String>, probe: Probe) {
    let Some(url) = url else { return };
    probe.ask_by(UnixStream::connect(url.split_once("://").unwrap().1).unwrap()).unwrap();
}

#[test]
fn redis() {
    each_answers(servers::redis(), 1, Probe::Redis);
    socket_answers(servers::redis_unix(), Probe::Redis);
}

#[test]
fn redis_by_tls_with_the_certificate_of_the_url() {
    let Some(url) = servers::redis_tls() else { return };
    let authority = url.split_once("?ca=").unwrap().1;
    let connect = ["s_client", "-verify_return_error", "-connect", addresses(&url)[0], "-CAfile", authority];
    let output = Command::new("openssl").args(connect).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_replica_refuses_writes() {
    let Some(url) = servers::redis_replica() else { return };
    let Reply::Error(refusal) = Resp::connect(&url).ask(&["SET", "key", "value"]) else { panic!("not refused") };
    assert!(refusal.starts_with("READONLY"), "{refusal}");
}

#[test]
fn a_sentinel_names_a_primary_that_takes_writes() {
    let Some(url) = servers::redis_sentinel() else { return };
    let mut sentinel = Resp::connect(addresses(&url)[0]);
    let name = url.rsplit('/').next().unwrap();
    let Reply::Array(place) = sentinel.ask(&["SENTINEL", "get-master-addr-by-name", name]) else { panic!("unknown") };
    let [Reply::Bytes(host), Reply::Bytes(port)] = &place[..] else { panic!("{place:?}") };
    let address = format!("{}:{}", String::from_utf8_lossy(host), String::from_utf8_lossy(port));
    assert_eq!(Resp::connect(&address).ask(&["SET", "key", "value"]), Reply::Bytes(b"OK".to_vec()));
}

#[test]
fn a_cluster_of_three_primaries_and_three_replicas_is_well() {
    let Some(url) = servers::redis_cluster() else { return };
    each_answers(Some(url.clone()), 3, Probe::Redis);
    let mut node = Resp::connect(addresses(&url)[0]);
    let mut said = |words: &[&str]| match node.ask(words) {
        Reply::Bytes(text) => String::from_utf8(text).unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(said(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let nodes = said(&["CLUSTER", "NODES"]);
    let count = |role: &str| nodes.lines().filter(|line| line.split(' ').nth(2).unwrap().contains(role)).count();
    assert_eq!((count("master"), count("slave")), (3, 3), "{nodes}");
}

#[test]
fn memcached() {
    each_answers(servers::memcached(), 1, Probe::Memcached);
    each_answers(servers::memcached_two(), 2, Probe::Memcached);
    socket_answers(servers::memcached_unix(), Probe::Memcached);
}

#[test]
fn postgres() {
    each_answers(servers::postgres(), 1, Probe::Postgres);
}

#[test]
fn mariadb() {
    each_answers(servers::mariadb(), 1, Probe::MariaDb);
}

#[test]
fn mongodb() {
    each_answers(servers::mongodb(), 1, Probe::MongoDb);
}
