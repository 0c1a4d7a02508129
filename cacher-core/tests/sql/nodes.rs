//! Two nodes on a PostgreSQL that fails.
#![cfg(feature = "postgres")]

use cacher_servers::Postgres;

use crate::two_nodes::{TIMEOUT, run};

#[test]
fn two_nodes_that_load_for_themselves() {
    let Some(server) = Postgres::private() else { return };
    run(&server.address(), |address| format!("postgres://postgres@{address}/postgres?{TIMEOUT}"), false);
}
