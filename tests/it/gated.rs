//! A store whose writes wait for a sign.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex},
    time::SystemTime,
};

use cacher::{
    Error,
    backend::{Backend, Key},
};

/// A map whose `put` waits at a gate, and tells when it has come there.
#[derive(Clone, Default)]
pub(crate) struct Gated(Arc<Inner>);

#[derive(Default)]
struct Inner {
    entries: Mutex<HashMap<Key, Vec<u8>>>,
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    shut: bool,
    waiting: usize,
    failing: bool,
    removals: bool,
}

impl Gated {
    /// Makes removals wait at the gate too.
    pub(crate) fn shut_removals(&self) {
        self.0.gate.lock().unwrap().removals = true;
        self.shut();
    }

    pub(crate) fn shut(&self) {
        self.0.gate.lock().unwrap().shut = true;
    }

    pub(crate) fn open(&self) {
        self.0.gate.lock().unwrap().shut = false;
        self.0.moved.notify_all();
    }

    /// Waits until a write waits at the gate.
    pub(crate) fn await_writer(&self) {
        let gate = self.0.gate.lock().unwrap();
        let _come = self.0.moved.wait_while(gate, |gate| gate.waiting == 0).unwrap();
    }

    /// Makes every operation but reads fail, or work again.
    pub(crate) fn fail(&self, failing: bool) {
        self.0.gate.lock().unwrap().failing = failing;
    }

    /// Loses everything.
    #[allow(dead_code, reason = "not every crate of tests needs it")]
    pub(crate) fn empty(&self) {
        self.0.entries.lock().unwrap().clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.entries.lock().unwrap().len()
    }

    fn pass(&self) -> Result<(), Error> {
        let mut gate = self.0.gate.lock().unwrap();
        gate.waiting += 1;
        self.0.moved.notify_all();
        let mut gate = self.0.moved.wait_while(gate, |gate| gate.shut).unwrap();
        gate.waiting -= 1;
        check(&gate)
    }
}

fn check(gate: &Gate) -> Result<(), Error> {
    if gate.failing { Err(Error::new(cacher::Kind::Unavailable, "the gate is broken")) } else { Ok(()) }
}

impl Backend for Gated {
    fn describe(&self) -> String {
        format!("gated {:p}", Arc::as_ptr(&self.0))
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.entries.lock().unwrap().get(key).cloned())
    }

    fn put(&self, key: &Key, entry: &[u8], _expires: Option<SystemTime>) -> Result<(), Error> {
        self.pass()?;
        self.0.entries.lock().unwrap().insert(key.clone(), entry.to_vec());
        Ok(())
    }

    fn remove(&self, key: &Key) -> Result<bool, Error> {
        let gated = self.0.gate.lock().unwrap().removals;
        if gated {
            self.pass()?;
        }
        check(&self.0.gate.lock().unwrap())?;
        Ok(self.0.entries.lock().unwrap().remove(key).is_some())
    }

    fn clear(&self, namespace: &str) -> Result<u64, Error> {
        check(&self.0.gate.lock().unwrap())?;
        let mut entries = self.0.entries.lock().unwrap();
        let before = entries.len();
        entries.retain(|key, _| *key.namespace != *namespace);
        Ok((before - entries.len()) as u64)
    }
}
