//! Two nodes on a server that fails.

use cacher_servers::Redis;

use crate::two_nodes::{TIMEOUT, run};

fn two_nodes(distributed: bool) {
    let Some(server) = Redis::private() else { return };
    run(&server.address(), |address| format!("redis://{address}?{TIMEOUT}"), distributed);
}

#[test]
fn two_nodes_that_load_for_themselves() {
    two_nodes(false);
}

#[test]
fn two_nodes_that_take_turns() {
    two_nodes(true);
}
