//! The conformance suite itself: a store that keeps the contract passes, others are told what they break.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use cacher_core::{
    backend::{Backend, Capabilities, Cost, Key, Scanned},
    envelope,
    error::Result,
    testkit::conformance,
};

type Entries = HashMap<Key, (Vec<u8>, Option<SystemTime>)>;

/// All that is optional, and one fault.
#[derive(Clone, Default)]
struct Map {
    entries: Arc<Mutex<Entries>>,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    DropsCase,
    CutsValues,
    ForgetsFormat,
    ClearsByPrefix,
    ClearsEverything,
    SweepsEverything,
    PutsTwice,
    ReversesMany,
    TouchesNothing,
    CountsWrong,
    ShowsOtherNames,
    LiesOnRemove,
}

impl Map {
    #[expect(clippy::unnecessary_wraps, reason = "it is what every method returns")]
    fn with<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> Result<T> {
        Ok(act(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn stored(&self, key: &Key) -> Key {
        let name = if self.has(Fault::DropsCase) { key.name.to_lowercase().into() } else { key.name.clone() };
        Key { name, format: if self.has(Fault::ForgetsFormat) { "" } else { key.format }, ..key.clone() }
    }

    fn retain(&self, keep: impl Fn(&Key, Option<SystemTime>) -> bool) -> Result<u64> {
        self.with(|entries| {
            let before = entries.len();
            entries.retain(|key, (_, expires)| keep(key, *expires));
            (before - entries.len()) as u64
        })
    }
}

impl Backend for Map {
    fn describe(&self) -> String {
        "map".into()
    }

    fn cost(&self) -> Cost {
        Cost::InPlace
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.put_if_absent, can.touch, can.clear, can.scan) = (true, true, true, true);
        can
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.with(|entries| entries.get(&self.stored(key)).map(|(entry, _)| entry.clone()))
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let entry =
            if self.has(Fault::CutsValues) { entry.split(|byte| *byte == 0).next().unwrap_or(entry) } else { entry };
        self.with(|entries| _ = entries.insert(self.stored(key), (entry.to_vec(), expires)))
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.with(|entries| entries.remove(&self.stored(key)).is_some() || self.has(Fault::LiesOnRemove))
    }

    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut found: Vec<_> = keys.iter().map(|key| self.get(key)).collect::<Result<_>>()?;
        if self.has(Fault::ReversesMany) {
            found.reverse();
        }
        Ok(found)
    }

    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        self.with(|entries| {
            let absent = self.has(Fault::PutsTwice) || !entries.contains_key(&self.stored(key));
            if absent {
                entries.insert(self.stored(key), (entry.to_vec(), expires));
            }
            absent
        })
    }

    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        self.with(|entries| match entries.get_mut(&self.stored(key)) {
            Some((_, old)) => {
                *old = expires;
                true
            }
            None => self.has(Fault::TouchesNothing),
        })
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.retain(|key, _| {
            !(*key.namespace == *namespace
                || self.has(Fault::ClearsEverything)
                || self.has(Fault::ClearsByPrefix) && key.namespace.starts_with(namespace))
        })
    }

    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> Result<()> {
        let mut entries = self.with(|entries| entries.clone())?;
        entries.retain(|key, (entry, _)| *key.namespace == *namespace && envelope::inspect(entry).is_some());
        let times = if self.has(Fault::CountsWrong) { 2 } else { 1 };
        let shown = |(key, (entry, _)): (Key, (Vec<u8>, _))| {
            let name = if self.has(Fault::ShowsOtherNames) { format!("{}?", key.name).into() } else { key.name };
            vec![Scanned::new(Key { name, ..key }, entry); times]
        };
        entries.into_iter().flat_map(shown).all(visit);
        Ok(())
    }

    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let all = self.has(Fault::SweepsEverything);
        self.retain(|key, expires| *key.namespace != *namespace || !all && expires.is_none_or(|time| time >= now))
    }
}

/// Only what every store must do.
struct Bare(Map);

impl Backend for Bare {
    fn describe(&self) -> String {
        "bare".into()
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.0.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.0.put(key, entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.0.remove(key)
    }
}

/// The same, and what clears without a look at what is there.
struct Clearing(Bare);

impl Backend for Clearing {
    fn describe(&self) -> String {
        "clearing".into()
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = self.0.capabilities();
        can.clear = true;
        can
    }

    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        self.0.get(key)
    }

    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        self.0.put(key, entry, expires)
    }

    fn remove(&self, key: &Key) -> Result<bool> {
        self.0.remove(key)
    }

    fn clear(&self, namespace: &str) -> Result<u64> {
        self.0.0.clear(namespace).map(|count| count.min(1))
    }
}

#[test]
fn a_map_with_all_that_is_optional_passes() {
    let map = Map::default();
    conformance::run(|| Arc::new(map.clone()));
}

#[test]
fn a_map_with_nothing_optional_passes() {
    let map = Map::default();
    conformance::run(|| Arc::new(Bare(map.clone())));
}

#[test]
fn a_map_that_clears_and_counts_nothing_passes() {
    let map = Map::default();
    conformance::run(|| Arc::new(Clearing(Bare(map.clone()))));
}

#[test]
fn each_fault_is_found_and_its_point_named() {
    for (fault, point) in [
        (Fault::DropsCase, "names of any characters never meet"),
        (Fault::CutsValues, "an entry is any bytes of any length"),
        (Fault::ForgetsFormat, "formats are kept apart"),
        (Fault::ClearsByPrefix, "clear removes its own namespace only"),
        (Fault::ClearsEverything, "clear removes its own namespace only"),
        (Fault::SweepsEverything, "sweep removes only what has expired"),
        (Fault::PutsTwice, "put_if_absent puts only if nothing is there"),
        (Fault::ReversesMany, "get_many keeps the order of its keys"),
        (Fault::TouchesNothing, "touch changes only what is there"),
        (Fault::CountsWrong, "scan and len show the entries of one namespace"),
        (Fault::ShowsOtherNames, "scan shows keys that find their entries"),
        (Fault::LiesOnRemove, "remove says whether there was an entry"),
    ] {
        let map = Map { fault: Some(fault), ..Map::default() };
        let broken = catch_unwind(AssertUnwindSafe(|| conformance::run(|| Arc::new(map.clone()))));
        let message = broken.expect_err("a broken store passed");
        let message = message.downcast_ref::<String>().expect("a message");
        assert!(message.starts_with(&format!("map breaks the contract, {point}: ")), "{fault:?}: {message}");
    }
}
