//! The contract of [`Backend`], point by point, for every store to run in one line.
//!
//! ```
//! use std::sync::Arc;
//! use cacher_core::testkit::{TempDir, conformance};
//! # #[cfg(feature = "file")] {
//! use cacher_core::backend::file::Files;
//!
//! let dir = TempDir::new();
//! conformance::run(|| Arc::new(Files::new(dir.path())));
//! # }
//! ```
//! The store may hold entries of others: every run works in namespaces of its own.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    backend::{Backend, Capabilities, Key, Put},
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
    error::{Kind, Result},
};

mod entries;
mod keys;
mod leases;
mod optional;
mod rates;
mod together;

type Check = fn(&mut Point<'_>);

const POINTS: &[&[(&str, Check)]] =
    &[entries::POINTS, keys::POINTS, optional::POINTS, leases::POINTS, rates::POINTS, together::POINTS];

/// Checks all of the contract on one store, of which `open` makes a new view each time it is called.
///
/// # Panics
/// If the store does not keep the contract. The message names the point.
pub fn run(open: impl Fn() -> Arc<dyn Backend>) {
    let run = RandomState::new().build_hasher().finish();
    for (name, check) in POINTS.iter().copied().flatten() {
        let namespace = format!("conformance::{}::{run:016x}", name.replace(' ', "_"));
        let mut point = Point { name, backend: open(), open: &open, spaces: vec![namespace] };
        check(&mut point);
        point.tidy();
    }
}

/// One point of the contract, being checked in a namespace of its own.
struct Point<'a> {
    name: &'static str,
    backend: Arc<dyn Backend>,
    open: &'a dyn Fn() -> Arc<dyn Backend>,
    /// Every namespace that was used.
    spaces: Vec<String>,
}

impl Point<'_> {
    fn can(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn namespace(&self) -> String {
        self.spaces[0].clone()
    }

    /// A namespace for this point alone.
    fn space(&mut self, label: &str) -> String {
        let namespace = format!("{}{label}", self.spaces[0]);
        self.spaces.push(namespace.clone());
        namespace
    }

    fn key(&self, name: &str) -> Key {
        key(&self.spaces[0], name)
    }

    #[track_caller]
    fn fail(&self, message: &str) -> ! {
        panic!("{} breaks the contract, {}: {message}", self.backend.describe(), self.name)
    }

    #[track_caller]
    fn must<T>(&self, doing: &str, result: Result<T>) -> T {
        result.unwrap_or_else(|error| self.fail(&format!("{doing} failed: {error}")))
    }

    #[track_caller]
    fn check(&self, holds: bool, message: &str) {
        if !holds {
            self.fail(message);
        }
    }

    #[track_caller]
    fn put(&self, key: &Key, entry: &[u8]) {
        self.must("put", self.backend.put(key, entry, None));
    }

    #[track_caller]
    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        self.must("get", self.backend.get(key))
    }

    /// Checks that exactly this is under `key`.
    #[track_caller]
    fn expect(&self, key: &Key, entry: Option<&[u8]>) {
        let found = self.get(key);
        if found.as_deref() != entry {
            self.fail(&format!("get of {key:?} gave {}, not {}", show(found.as_deref()), show(entry)));
        }
    }

    #[track_caller]
    fn unsupported<T>(&self, method: &str, result: Result<T>) {
        match result {
            Err(error) if error.kind() == Kind::Unsupported => {}
            Err(error) => self.fail(&format!("{method}, which it says it can't, failed with {error:?}")),
            Ok(_) => self.fail(&format!("{method}, which it says it can't, did something")),
        }
    }

    /// Puts a sealed entry, and returns its bytes.
    #[track_caller]
    fn put_sealed(&self, key: &Key, expires: Option<SystemTime>) -> Vec<u8> {
        let entry = sealed(key, expires);
        self.must("put", self.backend.put(key, &entry, expires));
        entry
    }

    fn tidy(&self) {
        if self.can().clear {
            for namespace in &self.spaces {
                self.must("clear", self.backend.clear(namespace));
            }
        }
    }
}

fn key(namespace: &str, name: &str) -> Key {
    Key { namespace: namespace.into(), name: name.into(), format: "json" }
}

/// An entry as the cache would seal it, some seconds old.
fn sealed(key: &Key, expires: Option<SystemTime>) -> Vec<u8> {
    let began = Stamp::from(SystemTime::now() - Duration::from_secs(100));
    let until = expires.map_or(Stamp::NEVER, Stamp::from);
    let times = Times {
        load_began: began,
        created: began,
        fresh_until: until,
        keep_until: until,
        load_time: Duration::from_millis(5),
    };
    let identity = Identity { namespace: &key.namespace, key: key.name.as_bytes() };
    envelope::seal(key.format, &identity, &times, &Content { value: b"\"a value\"", arguments: None, tags: &[] })
}

fn show(entry: Option<&[u8]>) -> String {
    match entry {
        None => "nothing".to_owned(),
        Some(bytes) if bytes.len() <= 32 => format!("{:?}", bytes.escape_ascii().to_string()),
        Some(bytes) => format!("{} bytes", bytes.len()),
    }
}
