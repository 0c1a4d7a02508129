//! A crate that forbids what careful crates forbid.
#![forbid(missing_docs, unused, unsafe_code, non_camel_case_types, non_snake_case, dead_code)]
#![forbid(unreachable_pub, missing_debug_implementations, unused_qualifications, single_use_lifetimes, let_underscore_drop)]

use std::{
    fmt::{Debug, Display},
    hash::Hash,
    rc::Rc,
};

use cacher::{Site, cache};

/// Squares.
pub mod numbers {
    use cacher::cache;

    /// The square.
    #[cache]
    #[must_use]
    pub fn square(n: u64) -> u64 {
        n * n
    }

    /// Seen in the crate.
    #[cache(ttl = "5m", capacity = 10)]
    pub(crate) fn cube(n: u64) -> u64 {
        private(n) * n
    }

    #[cache]
    fn private(n: u64) -> u64 {
        n * n
    }
}

#[cache]
async fn waits(name: &str) -> Result<String, std::num::ParseIntError> {
    Ok(name.parse::<u64>()?.to_string())
}

#[cache]
fn shown<T>(value: T) -> String
where
    T: Display + Hash + Eq + Clone + Send + Sync + 'static,
{
    value.to_string()
}

#[cache(thread_local)]
fn shared(n: u64) -> Rc<u64> {
    Rc::new(n)
}

#[cache(backend = "file://./target/ui-strict", keyer = |call| call.function().to_owned() + "/x")]
fn named(n: u64) -> u64 {
    n
}

#[cache(backend = ["memory://?capacity=10", "file://./target/ui-strict"], ttl = "1h", keyer = readable)]
fn stored(n: u64) -> Vec<u64> {
    vec![n]
}

/// A client.
#[derive(Debug, Default, Clone)]
pub struct Client {
    base: String,
    cache: Site,
}

impl Client {
    /// By its base.
    #[cache(key = (self.base, path))]
    #[must_use]
    pub fn get(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// For each instance.
    #[cache(site = self.cache)]
    #[must_use]
    pub fn own(&self, n: u64) -> u64 {
        n
    }

    #[cache(ignore = [self])]
    async fn all(&self, n: u64) -> u64 {
        n
    }
}

/// Has users.
pub trait Users: Debug {
    /// A name.
    fn name(&self, id: u64) -> String;
}

#[cache(companions = ClientUsers)]
impl Users for Client {
    #[cache(ignore = [self])]
    fn name(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {
    assert_eq!(numbers::square(2) + numbers::cube(2), 12);
    drop(waits("1"));
    let client = Client::default();
    assert_eq!((shown(1_u8), *shared(1), client.get("x"), client.own(1)), ("1".into(), 1, "x".into(), 1));
    drop(client.all(1));
    assert_eq!(client.name(1), "1");
    assert_eq!(ClientUsers::name_entry(&client, 1).peek(), Some("1".into()));
    assert_eq!(stored(1), [named(1)]);
    drop(std::fs::remove_dir_all("./target/ui-strict"));
}
