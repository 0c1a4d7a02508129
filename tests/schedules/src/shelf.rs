//! A store in memory, whose every operation is a step of the schedule.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use cacher_core::{
    backend::{Backend, Capabilities, Cost, Key},
    error::Result,
};
use shuttle::sync::{Mutex, MutexGuard};

use crate::dawdle;

/// How many steps an operation takes at most, beside those of its lock.
const LONGEST: usize = 10;

pub(crate) struct Shelf {
    name: &'static str,
    cost: Cost,
    entries: Mutex<HashMap<Key, Vec<u8>>>,
}

impl Shelf {
    pub(crate) fn new(name: &'static str, cost: Cost) -> Arc<Self> {
        Arc::new(Self { name, cost, entries: Mutex::default() })
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Vec<u8>>> {
        dawdle(LONGEST);
        self.entries.lock().expect("no operation panics")
    }
}

impl Backend for Shelf {
    fn describe(&self) -> String {
        self.name.into()
    }

    fn cost(&self) -> Cost {
        self.cost
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.clear = true;
        capabilities
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

    fn clear(&self, namespace: &str) -> Result<u64> {
        let mut entries = self.entries();
        let before = entries.len();
        entries.retain(|key, _| &*key.namespace != namespace);
        Ok((before - entries.len()) as u64)
    }
}
