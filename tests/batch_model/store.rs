//! A store that async callers wait for, on a thread of the library.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::SystemTime,
};

use cacher::{
    backend::{Backend, Capabilities, Cost, Key},
    error::Result,
};

#[derive(Default)]
pub(super) struct Slow(Mutex<HashMap<Key, Vec<u8>>>);

impl Slow {
    fn map(&self) -> MutexGuard<'_, HashMap<Key, Vec<u8>>> {
        thread::yield_now();
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Slow {
    fn describe(&self) -> String {
        "slow".into()
    }

    fn cost(&self) -> Cost {
        Cost::Blocking
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.clear = true;
        capabilities
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(self.map().get(key).cloned())
    }

    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.map().insert(key.clone(), entry.to_vec());
        Ok(())
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        Ok(self.map().remove(key).is_some())
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        let mut map = self.map();
        let before = map.len();
        map.retain(|key, _| *key.namespace != *namespace);
        Ok((before - map.len()) as u64)
    }
}
