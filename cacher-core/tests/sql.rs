//! The stores on SQL servers, against real ones.
#![cfg(any(feature = "postgres", feature = "mysql"))]

use std::sync::Arc;

use cacher_core::{
    backend::{driven::Driven, sql::Sql},
    testkit::conformance,
};

#[test]
fn p() {
    let store = Driven::new(Sql::from_url("postgres://postgres@127.0.0.1:17632/cacher").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}
#[test]
fn m() {
    let store = Driven::new(Sql::from_url("mysql://cacher:se%3Acret@127.0.0.1:17633/cacher").expect("a URL"));
    conformance::run(|| Arc::new(store.clone()));
}
