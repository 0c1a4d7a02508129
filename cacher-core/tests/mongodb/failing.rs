//! Servers that refuse, are late, die, or hang.

use std::time::{Duration, Instant};

use cacher_core::{
    backend::{
        Backend, Put,
        driven::{Breaker, Driven},
        mongodb::MongoDb,
    },
    error::Kind,
};
use cacher_servers::Proxy;
use mongodb::{
    Database, IndexModel,
    bson::{Document, doc},
};

use crate::{elsewhere, key, open, shared, soon};

/// A store that is asked however often it failed.
fn patient(url: &str) -> Driven<MongoDb> {
    let mut breaker = Breaker::default();
    breaker.least = u32::MAX;
    Driven::with_breaker(MongoDb::from_url(url).expect("a URL"), breaker)
}

#[test]
fn nobody_there_is_said_in_time() {
    let store = patient("mongodb://user:hunter2@127.0.0.1:1/app?timeout=300ms");
    let start = Instant::now();
    let error = store.put(&key("refused", "a"), b"entry", None).expect_err("nobody is there");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[test]
fn a_wrong_password_is_said_and_the_right_one_works() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let user = doc! { "createUser": "user", "pwd": "hun/ter:2@%", "roles": ["readWrite"] };
    elsewhere(&server.url(), async |database| database.run_command(user).await);
    let with =
        |password: &str| server.url().replace("mongodb://", &format!("mongodb://user:{password}@")) + "?timeout=3s";
    let (wrong, key) = (patient(&with("hunter2")), key("password", "a"));
    for error in [wrong.get(&key).expect_err("wrong"), wrong.put(&key, b"entry", None).expect_err("wrong")] {
        assert_eq!(error.kind(), Kind::Unavailable);
        let text = format!("{error} {error:?} {wrong:?} {}", wrong.describe());
        assert!(text.contains("Authentication failed") && !text.contains("hunter2"), "{text}");
    }
    let right = open(&with("hun%2Fter%3A2%40%25"));
    right.put(&key, b"entry", None).expect("put");
    assert_eq!(right.get(&key).expect("got").as_deref(), Some(&b"entry"[..]));
}

#[test]
fn a_store_may_come_late_go_and_come_back() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    server.stop();
    let store = patient(&(server.url() + "?timeout=1s"));
    let key = key("late", "a");
    assert_eq!(store.get(&key).expect_err("it's not there yet").kind(), Kind::Unavailable);
    server.start();
    soon(|| store.put(&key, b"entry", None).is_ok());
    assert_eq!(store.get(&key).expect("got").as_deref(), Some(&b"entry"[..]));
    for _ in 0..3 {
        server.stop();
        assert_eq!(store.get(&key).expect_err("it's gone").kind(), Kind::Unavailable);
        server.start();
        soon(|| store.put(&key, b"again", None).is_ok());
        assert_eq!(store.get(&key).expect("got").as_deref(), Some(&b"again"[..]));
    }
}

#[test]
fn a_server_that_hangs_costs_no_more_than_the_timeout() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let store = patient(&(server.url() + "?timeout=300ms"));
    let key = key("paused", "a");
    soon(|| store.put(&key, b"entry", None).is_ok());
    server.pause();
    let start = Instant::now();
    assert_eq!(store.get(&key).expect_err("it hangs").kind(), Kind::Unavailable);
    assert_eq!(store.put(&key, b"lost", None).expect_err("it hangs").kind(), Kind::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    server.resume();
    soon(|| store.put(&key, b"again", None).is_ok());
    assert_eq!(store.get(&key).expect("got").as_deref(), Some(&b"again"[..]));
}

#[test]
fn connections_that_are_cut_are_made_again() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let proxy = Proxy::before(server.address());
    let store = patient(&format!("mongodb://{}/test?directConnection=true&timeout=300ms", proxy.address()));
    let key = key("cut", "a");
    soon(|| store.put(&key, b"entry", None).is_ok());
    for bytes in [0, 1, 20, 60] {
        proxy.cut_after(bytes);
        for _ in 0..3 {
            let found = store.get(&key);
            assert!(found.is_err() || found.is_ok_and(|found| found.as_deref() == Some(b"entry")), "a wrong entry");
        }
        proxy.pass();
        soon(|| store.put(&key, b"entry", None).is_ok());
        assert_eq!(store.get(&key).expect("got").as_deref(), Some(&b"entry"[..]));
    }
}

#[test]
fn what_the_server_does_not_take_is_refused_and_the_rest_works() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let index = IndexModel::builder().keys(doc! { "exp": 1 }).build();
    let in_the_way = async |database: Database| database.collection::<Document>("cacher").create_index(index).await;
    elsewhere(&server.url(), in_the_way);
    let (store, key) = (open(&(server.url() + "?timeout=10s")), key("index", "a"));
    let put = Put { key: key.clone(), entry: b"entry".to_vec(), expires: None };
    for _ in 0..10 {
        assert_eq!(store.put(&key, b"entry", None).expect_err("another index").kind(), Kind::Rejected);
        assert_eq!(store.put_many(std::slice::from_ref(&put)).expect_err("another index").kind(), Kind::Rejected);
        assert_eq!(store.get(&key).expect("got"), None);
    }
    elsewhere(&server.url(), async |database| database.collection::<Document>("cacher").drop_indexes().await);
    let validator = doc! { "collMod": "cacher", "validator": { "w": { "$exists": true } } };
    elsewhere(&server.url(), async |database| database.run_command(validator).await);
    assert_eq!(store.put(&key, b"entry", None).expect_err("a validator").kind(), Kind::Rejected);
    assert_eq!(store.put_many(&[put]).expect_err("a validator").kind(), Kind::Rejected);
    assert_eq!(store.get(&key).expect("got"), None);
}

#[test]
fn a_call_between_failures_of_others_works() {
    let Some(store) = shared("failing") else { return };
    let key = key("others", "a");
    let larger = vec![0; 17 << 20];
    for _ in 0..20 {
        // What is refused says nothing about the next operation: the store is not left alone.
        assert_eq!(store.put(&key, &larger, None).expect_err("too large").kind(), Kind::Rejected);
    }
    store.put_many(&[Put { key: key.clone(), entry: b"entry".to_vec(), expires: None }]).expect("put");
    assert_eq!(store.get(&key).expect("got").as_deref(), Some(&b"entry"[..]));
    assert!(store.remove(&key).expect("removed"));
}
