//! What is known of all namespaces, under one lock that is never held while the store works.

use std::collections::HashMap;

use super::{
    Limits,
    life::Now,
    space::{Asked, Found, Name, Room, Space, Victim, Walk},
};
use crate::{
    backend::Key,
    error::Result,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, lock},
    time::Tick,
};

pub(super) struct Index {
    limits: Limits,
    spaces: Mutex<HashMap<Arc<str>, Space>>,
    changed: Condvar,
}

type Spaces<'a> = MutexGuard<'a, HashMap<Arc<str>, Space>>;

fn name(key: &Key) -> Name {
    (Arc::clone(&key.name), key.format)
}

impl Index {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, spaces: Mutex::default(), changed: Condvar::new() }
    }

    fn with<T>(&self, namespace: &Arc<str>, act: impl FnOnce(&mut Space) -> T) -> T {
        act(self.space(&mut lock(&self.spaces), namespace))
    }

    fn space<'a>(&self, spaces: &'a mut HashMap<Arc<str>, Space>, namespace: &Arc<str>) -> &'a mut Space {
        spaces.entry(Arc::clone(namespace)).or_insert_with(|| Space::new(self.limits))
    }

    fn wait<'a>(&'a self, spaces: Spaces<'a>) -> Spaces<'a> {
        self.changed.wait(spaces).unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what `walk` shows, unless that was done; others wait meanwhile. Is tried again after an error.
    pub(super) fn fill_once(
        &self,
        namespace: &Arc<str>,
        walk: impl FnOnce() -> Result<Vec<Found>>,
        now: impl Fn() -> Now,
    ) -> Result<()> {
        let mut spaces = lock(&self.spaces);
        loop {
            let space = self.space(&mut spaces, namespace);
            match space.walk {
                Walk::Done => return Ok(()),
                Walk::Underway => spaces = self.wait(spaces),
                Walk::Ahead => {
                    space.walk = Walk::Underway;
                    break;
                }
            }
        }
        let began = self.space(&mut spaces, namespace).turn();
        drop(spaces);
        let walking = Walking { index: self, namespace };
        let found = walk()?;
        self.with(namespace, |space| space.learn(found, began, now()));
        drop(walking);
        Ok(())
    }

    /// Room for an entry, and what has to go before it is put. Waits for others that are being put, if all is theirs.
    pub(super) fn reserve(&self, key: &Key, size: u64, now: impl Fn() -> Now) -> (Reserved<'_>, Vec<Victim>) {
        let (name, mut victims) = (name(key), Vec::new());
        let mut spaces = lock(&self.spaces);
        loop {
            let space = self.space(&mut spaces, &key.namespace);
            let room = space.make_room_alone(&name, size, now(), &mut victims);
            match room {
                Some(room) => return (self.reserved(key, room, now()), victims),
                None => spaces = self.wait(spaces),
            }
        }
    }

    /// The same, or no room where it would have to wait.
    pub(super) fn try_reserve(&self, key: &Key, size: u64, now: Now) -> (Option<Reserved<'_>>, Vec<Victim>) {
        let mut victims = Vec::new();
        let room = self.with(&key.namespace, |space| space.make_room_alone(&name(key), size, now, &mut victims));
        (room.map(|room| self.reserved(key, room, now)), victims)
    }

    fn reserved(&self, key: &Key, room: Room, now: Now) -> Reserved<'_> {
        Reserved { index: self, namespace: Arc::clone(&key.namespace), room: Some(room), now }
    }

    pub(super) fn ask(&self, key: &Key, now: Now) -> Asked {
        self.with(&key.namespace, |space| space.ask(&name(key), now))
    }

    pub(super) fn meet(&self, namespace: &Arc<str>, found: Found, now: Now) -> bool {
        self.with(namespace, |space| space.meet(found, now))
    }

    pub(super) fn learn(&self, namespace: &Arc<str>, found: Vec<Found>, began: u64, now: Now) {
        self.with(namespace, |space| space.learn(found, began, now));
    }

    pub(super) fn put_at(&self, key: &Key) -> Option<u64> {
        self.with(&key.namespace, |space| space.put_at(&name(key)))
    }

    pub(super) fn forget(&self, key: &Key, put_at: u64) {
        self.with(&key.namespace, |space| space.forget(&name(key), put_at));
    }

    pub(super) fn forget_all(&self, namespace: &Arc<str>, by: u64) {
        self.with(namespace, |space| space.forget_all(by));
    }

    pub(super) fn turn(&self, namespace: &Arc<str>) -> u64 {
        self.with(namespace, |space| space.turn())
    }

    pub(super) fn len(&self, namespace: &Arc<str>) -> u64 {
        self.with(namespace, |space| space.len())
    }

    pub(super) fn take_first(&self, namespace: &Arc<str>) -> Option<Victim> {
        self.with(namespace, |space| {
            let victim = space.take_first();
            space.leaving += usize::from(victim.is_some());
            victim
        })
    }

    pub(super) fn take_due(&self, namespace: &Arc<str>, now: Tick) -> Vec<Victim> {
        let mut victims = Vec::new();
        self.with(namespace, |space| {
            space.take_due(now, &mut victims);
            space.leaving += victims.len();
        });
        victims
    }

    pub(super) fn take_surplus(&self, namespace: &Arc<str>) -> Vec<Victim> {
        let mut victims = Vec::new();
        self.with(namespace, |space| {
            space.take_surplus(&mut victims);
            space.leaving += victims.len();
        });
        victims
    }
}

/// A walk through a namespace. If it does not succeed, the next one who needs it walks.
struct Walking<'a> {
    index: &'a Index,
    namespace: &'a Arc<str>,
}

impl Drop for Walking<'_> {
    fn drop(&mut self) {
        self.index.with(self.namespace, |space| {
            if space.walk == Walk::Underway {
                space.walk = Walk::Ahead;
            }
        });
        self.index.changed.notify_all();
    }
}

/// Room for an entry that is being put. It is given up when it is dropped unfilled.
pub(super) struct Reserved<'a> {
    index: &'a Index,
    namespace: Arc<str>,
    room: Option<Room>,
    now: Now,
}

impl Reserved<'_> {
    /// The entry is there.
    pub(super) fn filled(mut self, now: Now) {
        if let Some(room) = self.room.take() {
            self.index.with(&self.namespace, |space| space.fill(&room, now));
        }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            self.index.with(&self.namespace, |space| space.give_up(&room, self.now));
        }
        self.index.changed.notify_all();
    }
}

/// Entries that are being removed. Those that were not when this is dropped are known again.
pub(super) struct Returning<'a> {
    index: &'a Index,
    namespace: &'a Arc<str>,
    /// The first comes last.
    victims: Vec<Victim>,
    /// How many there were at first.
    taken: usize,
    now: Now,
}

impl<'a> Returning<'a> {
    pub(super) fn new(index: &'a Index, namespace: &'a Arc<str>, mut victims: Vec<Victim>, now: Now) -> Self {
        victims.reverse();
        Self { index, namespace, taken: victims.len(), victims, now }
    }

    pub(super) fn first(&self) -> Option<&Victim> {
        self.victims.last()
    }

    pub(super) fn done(&mut self) {
        self.victims.pop();
    }
}

impl Drop for Returning<'_> {
    fn drop(&mut self) {
        for victim in self.victims.drain(..) {
            self.index.with(self.namespace, |space| space.keep(victim, self.now.tick));
        }
        if self.taken > 0 {
            self.index.with(self.namespace, |space| space.leaving -= self.taken);
            self.index.changed.notify_all();
        }
    }
}
