//! The store on MongoDB, against real servers.

#![cfg(feature = "mongodb")]

mod apart;
mod expiry;
mod failing;
mod leases;
mod many;
#[path = "../rates/mod.rs"]
mod rates;
#[path = "../turns/mod.rs"]
mod turns;
mod urls;

use std::{
    fs,
    path::Path,
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use cacher_core::{
    backend::{Backend, Key, Scanned, driven::Driven, mongodb::MongoDb},
    error::Kind,
    testkit::{TempDir, conformance},
};
use mongodb::{Client, Database, error::Result};

#[test]
fn a_replica_set_keeps_the_contract() {
    let Some(store) = shared("contract") else { return };
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_server_alone_keeps_the_contract() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let store = open(&server.url());
    conformance::run(|| Arc::new(store.clone()));
}

#[test]
fn a_view_of_its_own_keeps_the_contract() {
    let Some(url) = cacher_servers::mongodb() else { return };
    conformance::run(|| Arc::new(open(&format!("{url}&collection=contract&timeout=10s&w=1"))));
}

#[test]
fn a_server_by_tls_is_known_by_its_certificate() {
    let Some(redis) = cacher_servers::redis_tls() else { return };
    let ca = Path::new(redis.split_once("ca=").expect("a certificate").1);
    let (dir, read) = (TempDir::new(), |name: &str| fs::read(ca.with_file_name(name)).expect("a file"));
    let pem = dir.path().join("server.pem");
    fs::write(&pem, [read("server.crt"), read("server.key")].concat()).expect("written");
    let pem = pem.to_str().expect("text");
    // It speaks both, as the test of whether it has started does not know TLS.
    let options = ["--tlsMode", "preferTLS", "--tlsCertificateKeyFile", pem];
    let Some(server) = cacher_servers::MongoDb::private_with(&options) else { return };
    let url = server.url().replace("127.0.0.1", "localhost");
    let (known, key) = (open(&format!("{url}?tlsCAFile={}&timeout=10s", ca.display())), key("tls", "a"));
    known.put(&key, b"entry", None).expect("put");
    assert_eq!(known.get(&key).expect("got").as_deref(), Some(&b"entry"[..]));
    let unknown = open(&format!("{url}?tls=true&timeout=1s"));
    assert_eq!(unknown.get(&key).expect_err("nobody vouches for it").kind(), Kind::Unavailable);
}

fn open(url: &str) -> Driven<MongoDb> {
    Driven::new(MongoDb::from_url(url).expect("a URL"))
}

/// A collection of the shared server.
fn shared(collection: &str) -> Option<Driven<MongoDb>> {
    Some(open(&format!("{}&collection={collection}&timeout=10s", cacher_servers::mongodb()?)))
}

/// What somebody else does to a database of this server.
fn elsewhere<F: Future<Output = Result<T>>, T>(url: &str, what: impl FnOnce(Database) -> F) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let done = runtime.block_on(async {
        let client = Client::with_uri_str(url).await?;
        let database = client.default_database().expect("a database in the URL");
        what(database).await
    });
    done.expect("done")
}

/// A key that no other run has.
fn key(namespace: &str, name: &str) -> Key {
    Key { namespace: format!("{namespace}::{}", process::id()).into(), name: name.into(), format: "msgpack" }
}

/// What a walk through a namespace shows, in the order of the entries.
fn scanned(store: &Driven<MongoDb>, namespace: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut show = |scanned: Scanned| {
        found.push(scanned.entry);
        true
    };
    store.scan(namespace, &mut show).expect("a scan");
    found.sort();
    found
}

/// What is true soon.
#[track_caller]
fn soon(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(30), "it did not become true");
        std::thread::sleep(Duration::from_millis(5));
    }
}
