//! Two nodes on a PostgreSQL that fails.
#![cfg(feature = "postgres")]

use cacher_servers::Postgres;

use crate::two_nodes::{TIMEOUT, run};

fn two_nodes(distributed: bool) {
    let Some(server) = Postgres::private() else { return };
    run(&server.address(), |address| format!("postgres://postgres@{address}/postgres?{TIMEOUT}"), distributed);
}

#[test]
fn two_nodes_that_load_for_themselves() {
    two_nodes(false);
}

#[test]
fn two_nodes_that_take_turns() {
    two_nodes(true);
}
