//! Making room in a store, and keeping the index true.

use super::{
    Limits, Told,
    index::{self, Index, Reserved},
    life,
    space::{Asked, Found, Victim},
};
use crate::{
    backend::{Backend, Key, Put},
    clock::Clock,
    entry::Stamp,
    envelope,
    error::{Error, Kind, Result},
    stats::Counter,
    sync::Arc,
};

pub(super) struct Inner {
    pub(super) store: Arc<dyn Backend>,
    pub(super) limits: Limits,
    pub(super) index: Index,
    pub(super) clock: Clock,
    pub(super) evictions: Counter,
    pub(super) told: Told,
    pub(super) resident: fn() -> Option<u64>,
}

impl Inner {
    pub(super) fn now(&self) -> life::Now {
        life::Now { tick: self.clock.tick(), stamp: self.clock.stamp() }
    }

    /// The key that the index knows.
    pub(super) fn shown(&self, key: &Key) -> Key {
        self.store.shown(key).into_owned()
    }

    /// Sees to it that the index knows what was there before.
    pub(super) fn fill(&self, namespace: &Arc<str>) -> Result<()> {
        self.index.fill_once(namespace, || self.walk(namespace), || self.now())
    }

    fn walk(&self, namespace: &str) -> Result<Vec<Found>> {
        let mut all = Vec::new();
        let walked = self.store.scan(namespace, &mut |scanned| {
            let written = scanned.written.map(Stamp::from).or_else(|| created(&scanned.entry));
            all.push(Found { size: scanned.size(), name: (scanned.key.name, scanned.key.format), written });
            true
        });
        match walked {
            Err(error) if error.kind() == Kind::Unsupported => Ok(Vec::new()),
            walked => walked.map(|()| all),
        }
    }

    /// Does what puts an entry, when there is room for it. It says whether the entry was put.
    pub(super) fn put(&self, key: &Key, size: usize, put: impl FnOnce() -> Result<bool>) -> Result<bool> {
        let (known, size) = (self.shown(key), size as u64);
        if self.is_too_large(size) {
            self.remove(key)?;
            return Err(self.too_large(size));
        }
        self.fill(&known.namespace)?;
        self.shrink(&known)?;
        let (reserved, victims) = self.index.reserve(&known, size, || self.now());
        self.expel(&known.namespace, victims)?;
        let done = put()?;
        if done {
            reserved.filled(self.now());
        } else {
            drop(reserved);
            self.noted(key, Asked::Unknown, self.store.get(key)?);
        }
        Ok(done)
    }

    fn is_too_large(&self, size: u64) -> bool {
        self.limits.bytes.is_some_and(|most| size > most)
    }

    fn too_large(&self, size: u64) -> Error {
        let most = self.limits.bytes.unwrap_or(u64::MAX);
        Error::new(Kind::TooLarge, format!("the entry has {size} bytes, and all together may have {most}"))
    }

    /// Removes entries until the process is small enough, but at most a quarter of them.
    fn shrink(&self, putting: &Key) -> Result<()> {
        let Some(most) = self.limits.process_memory else { return Ok(()) };
        let space = &putting.namespace;
        let mut left = self.index.len(space).div_ceil(4);
        while left > 0 && (self.resident)().is_some_and(|bytes| bytes > most) {
            let Some(victim) = self.index.take_first(space) else { break };
            self.expel(space, vec![victim])?;
            left -= 1;
        }
        Ok(())
    }

    /// Removes what has to go. What the store will not remove is kept in the index, and so is all after it.
    pub(super) fn expel(&self, namespace: &Arc<str>, victims: Vec<Victim>) -> Result<()> {
        let (mut evicted, mut outcome) = (0, Ok(()));
        let mut victims = index::Returning::new(&self.index, namespace, victims, self.now());
        while let Some(victim) = victims.first() {
            let (name, format) = victim.name.clone();
            let key = Key { namespace: Arc::clone(namespace), name, format };
            if let Err(error) = self.store.remove(&key) {
                outcome = Err(error);
                break;
            }
            evicted += u64::from(victim.evicted);
            victims.done();
        }
        drop(victims);
        if evicted > 0 {
            self.evictions.add(evicted);
            (self.told)(evicted);
        }
        outcome
    }

    pub(super) fn remove(&self, key: &Key) -> Result<bool> {
        let known = self.shown(key);
        let put_at = self.index.put_at(&known);
        let removed = self.store.remove(key)?;
        if let Some(put_at) = put_at {
            self.index.forget(&known, put_at);
        }
        Ok(removed)
    }

    /// What the store has of an entry, by what the index knows of it.
    pub(super) fn noted(&self, key: &Key, asked: Asked, entry: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match (asked, &entry) {
            (Asked::Gone, _) => return None,
            (Asked::Known(put_at), None) => self.index.forget(&self.shown(key), put_at),
            (Asked::Unknown, Some(bytes)) => {
                // Whose age does not matter need not be opened.
                let written = self.limits.age.and_then(|_| created(bytes));
                let known = self.shown(key);
                let found = Found { name: (known.name, known.format), size: bytes.len() as u64, written };
                if !self.index.meet(&known.namespace, found, self.now()) {
                    return None;
                }
            }
            _ => {}
        }
        entry
    }

    pub(super) fn ask(&self, key: &Key) -> Asked {
        self.index.ask(&self.shown(key), self.now())
    }

    /// Puts all at once, if there is room for all; else nothing.
    pub(super) fn put_all(&self, entries: &[Put]) -> Result<bool> {
        let fit = entries.iter().all(|put| !self.is_too_large(put.entry.len() as u64));
        if !fit || self.limits.process_memory.is_some() {
            return Ok(false);
        }
        let keys: Vec<_> = entries.iter().map(|put| (self.shown(&put.key), put.entry.len() as u64)).collect();
        for (key, _) in &keys {
            self.fill(&key.namespace)?;
        }
        let mut reserved: Vec<Reserved<'_>> = Vec::new();
        for (key, size) in &keys {
            let (room, victims) = self.index.try_reserve(key, *size, self.now());
            self.expel(&key.namespace, victims)?;
            let Some(room) = room else { return Ok(false) };
            reserved.push(room);
        }
        self.store.put_many(entries)?;
        let now = self.now();
        for room in reserved {
            room.filled(now);
        }
        Ok(true)
    }

    /// Walks again if others have put or removed entries.
    pub(super) fn check_count(&self, namespace: &Arc<str>) -> Result<()> {
        let there = match self.store.len(namespace) {
            Err(error) if error.kind() == Kind::Unsupported => return Ok(()),
            there => there?,
        };
        if there != self.index.len(namespace) {
            let began = self.index.turn(namespace);
            let found = self.walk(namespace)?;
            self.index.learn(namespace, found, began, self.now());
        }
        Ok(())
    }
}

/// When the value in an entry was stored.
fn created(entry: &[u8]) -> Option<Stamp> {
    envelope::inspect(entry).map(|header| header.times.created)
}
