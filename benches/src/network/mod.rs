//! What a store behind a network costs: beside the bare client's own call, in a stampede, and when its server is gone.

mod bare;
mod calls;
mod gone;
mod hop;
mod stampede;

use cacher::Cache;
use tokio::runtime::Runtime;

use bare::{Bare, memcached, mongodb, redis, sql};

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "network";

/// A kind of store, and where its server is.
struct Store {
    name: &'static str,
    url: fn() -> Option<String>,
    bare: fn(&Runtime, &str) -> Box<dyn Bare>,
    /// How often the server was asked for a value, if it counts that for each kind of request.
    reads: Option<fn(&str) -> u64>,
}

const STORES: [Store; 5] = [
    Store {
        name: "Redis",
        url: cacher_servers::redis,
        bare: redis::client,
        reads: Some(|url| cacher_servers::Resp::connect(url).calls("get")),
    },
    Store { name: "memcached", url: cacher_servers::memcached, bare: memcached::client, reads: None },
    Store { name: "PostgreSQL", url: cacher_servers::postgres, bare: sql::postgres, reads: None },
    Store { name: "MariaDB", url: cacher_servers::mariadb, bare: sql::mariadb, reads: None },
    Store { name: "MongoDB", url: cacher_servers::mongodb, bare: mongodb::client, reads: None },
];

/// A cache of numbers, with a name of its own.
fn cache(name: &str, urls: &[&str]) -> Cache<u64, u64> {
    let builder = Cache::builder().name(format!("benches::{name}"));
    let cache = urls.iter().fold(builder, |builder, url| builder.backend(*url)).build().expect("a cache");
    cache.clear();
    cache
}

/// Which rows to measure: those whose names hold all of these words.
pub(crate) struct Wanted<'a>(pub(crate) &'a [String]);

impl Wanted<'_> {
    fn has(&self, row: &str) -> bool {
        self.0.iter().all(|word| row.to_lowercase().contains(&word.to_lowercase()))
    }
}

/// Prints the tables of all stores whose servers are there.
pub(crate) fn measure(wanted: &Wanted<'_>) {
    for store in &STORES {
        let Some(url) = (store.url)() else { continue };
        calls::measure(store, &url, wanted);
        stampede::measure(store, &url, wanted);
    }
    if wanted.has("hop") {
        hop::measure();
    }
    if wanted.has("gone") {
        gone::measure();
    }
}
