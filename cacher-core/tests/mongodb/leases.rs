//! Loads that take turns among processes, or have a rate in common.

use crate::{rates, turns};

/// A collection of the shared server, as three processes would know it.
fn elsewhere() -> Option<[String; 3]> {
    let url = format!("{}&collection=turns&timeout=10s", cacher_servers::mongodb()?);
    Some(["127.0.0.1", "localhost", "LocalHost"].map(|host| url.replace("127.0.0.1", host)))
}

turns::taken!(elsewhere());
rates::shared!(elsewhere());

#[test]
fn without_its_server_each_process_has_the_rate() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let url = format!("{}?timeout=200ms", server.url());
    rates::without_its_server_each_process_has_the_rate(&url, || server.stop());
}
