//! A store of your own is a type with three methods that keep bytes under keys.
//!
//! `cargo run --example own_backend`

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use cacher::{
    backend::{Backend, Key},
    cache,
    error::Result,
    testing::conformance,
};

/// Bytes under keys. The cache sees to all else: their form, their age, damage, who waits for whom.
#[derive(Default)]
struct Shelf(Mutex<HashMap<Key, Vec<u8>>>);

impl Shelf {
    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Shelf {
    fn describe(&self) -> String {
        "a shelf".to_owned()
    }
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(self.entries().get(key).cloned())
    }
    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.entries().insert(key.clone(), entry.to_vec());
        Ok(())
    }
    fn remove(&self, key: &Key) -> Result<bool> {
        Ok(self.entries().remove(key).is_some())
    }
}

static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::default);

#[cache(backend = &*SHELF, ttl = "1h")]
fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

fn main() {
    assert_eq!(greeting("Ada"), greeting("Ada"));
    assert_eq!(greeting::cache().stats().hits, 1);
    println!("{}", greeting::entry("Ada").explain());
    SHELF.entries().iter().for_each(|(key, entry)| println!("{}: {} bytes", key.namespace, entry.len()));

    let shelf: Arc<dyn Backend> = Arc::new(Shelf::default());
    conformance::run(|| Arc::clone(&shelf));
    println!("The shelf keeps the contract: a store of yours can be tested by this one line too.");
}
