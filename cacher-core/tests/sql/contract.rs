//! The contract of stores, by every form of a URL.

use std::{env, sync::Arc};

use cacher_core::testkit::conformance;

use crate::support::{Scratch, shared, store};

fn keeps_the_contract(parameters: &str) {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = store(&format!("{}{parameters}", scratch.url()));
        conformance::run(|| Arc::new(store.clone()));
    }
}

#[test]
fn servers_keep_the_contract() {
    keeps_the_contract("&timeout=10s");
}

#[test]
fn one_connection_is_enough() {
    keeps_the_contract("&connections=1&timeout=10s");
}

#[test]
fn each_view_may_have_connections_of_its_own() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        conformance::run(|| Arc::new(scratch.open()));
    }
}

#[test]
fn sockets_keep_the_contract() {
    let Ok(directory) = env::var("CACHER_SERVERS_DIR") else { return };
    for database in shared() {
        let scratch = Scratch::of(&database);
        let url = if database.starts_with("postgres") {
            format!("{}&timeout=10s&host={directory}/postgres", scratch.url())
        } else {
            // The account is one for addresses: the socket asks for another.
            scratch.url().replace(account(&database), "root")
                + &format!("&timeout=10s&socket={directory}/mariadb/socket")
        };
        let store = store(&url);
        conformance::run(|| Arc::new(store.clone()));
    }
}

/// User and password in a URL.
fn account(url: &str) -> &str {
    url.split(['/', '@']).nth(2).unwrap_or_default()
}
