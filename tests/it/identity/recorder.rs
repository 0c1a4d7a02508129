//! A store that says what it was given.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use cacher::{
    backend::{Backend, Key},
    error::Result,
};

/// Entries under the namespace and the name of their keys.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Entries>>);

type Entries = BTreeMap<(String, String), Vec<u8>>;

impl Recorder {
    /// The namespace of each entry.
    pub(super) fn namespaces(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().map(|(namespace, _)| namespace.clone()).collect()
    }

    /// The name of each entry.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().map(|(_, name)| name.clone()).collect()
    }

    /// All that is kept, as one.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let entries = self.0.lock().unwrap();
        entries.iter().flat_map(|((space, name), entry)| [space.as_bytes(), name.as_bytes(), entry].concat()).collect()
    }
}

impl Backend for Recorder {
    fn describe(&self) -> String {
        format!("recorder at {:p}", Arc::as_ptr(&self.0))
    }
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().get(&(key.namespace.to_string(), key.name.to_string())).cloned())
    }
    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<()> {
        self.0.lock().unwrap().insert((key.namespace.to_string(), key.name.to_string()), entry.to_vec());
        Ok(())
    }
    fn remove(&self, key: &Key) -> Result<bool> {
        Ok(self.0.lock().unwrap().remove(&(key.namespace.to_string(), key.name.to_string())).is_some())
    }
    fn clear(&self, namespace: &str) -> Result<u64> {
        let mut entries = self.0.lock().unwrap();
        let before = entries.len();
        entries.retain(|(space, _), _| space != namespace);
        Ok((before - entries.len()) as u64)
    }
}
