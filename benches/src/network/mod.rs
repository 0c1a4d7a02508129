//! What a store behind a network costs: beside the bare client's own call, when its server is gone, and in a stampede.

mod calls;
mod gone;
mod stampede;

use cacher::Cache;
use tokio::runtime::Runtime;

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "network";

/// A kind of store, and where its server is.
struct Store {
    name: &'static str,
    url: fn() -> Option<String>,
    bare: fn(&Runtime, &str) -> Box<dyn calls::Bare>,
    /// How often the server was asked for a value.
    reads: fn(&str) -> u64,
}

const STORES: [Store; 1] = [Store {
    name: "Redis",
    url: cacher_servers::redis,
    bare: calls::redis,
    reads: |url| cacher_servers::Resp::connect(url).calls("get"),
}];

/// A cache of numbers, with a name of its own.
fn cache(name: &str, urls: &[&str]) -> Cache<u64, u64> {
    let builder = Cache::builder().name(format!("benches::{name}"));
    let cache = urls.iter().fold(builder, |builder, url| builder.backend(*url)).build().expect("a cache");
    cache.clear();
    cache
}

/// Prints the tables of all stores whose servers are there.
pub(crate) fn measure() {
    for store in &STORES {
        let Some(url) = (store.url)() else { continue };
        calls::measure(store, &url);
        stampede::measure(store, &url);
    }
    gone::measure();
}
