//! What is known of the entries of one namespace. It is asked and told under a lock, and does nothing itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Limits,
    life::{Life, Now},
    order::{Order, Rank, Use},
};
use crate::{
    sync::Arc,
    time::{Stamp, Tick},
};

/// An entry within its namespace: its name and format.
pub(super) type Name = (Arc<str>, &'static str);

/// An entry that a walk through the store has shown.
pub(super) struct Found {
    pub(super) name: Name,
    pub(super) size: u64,
    pub(super) written: Option<Stamp>,
}

/// Whether the store has been walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    Ahead,
    Underway,
    Done,
}

#[derive(Clone, Debug)]
struct Record {
    size: u64,
    life: Life,
    of: Use,
    /// Those that are putting it now; meanwhile it has no place among those that may go.
    writers: u32,
    rank: Option<Rank>,
    due: Option<(Tick, u64)>,
}

/// What became of an entry that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It was put or met at this turn.
    Known(u64),
    Unknown,
    /// It is past a limit, and goes soon.
    Gone,
}

/// Room for an entry that is being put.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: Name,
    size: u64,
    /// What is there while it is put.
    earlier: Option<u64>,
}

/// An entry that has to go.
#[derive(Debug)]
pub(super) struct Victim {
    pub(super) name: Name,
    /// Whether another takes its place; else it was past a limit.
    pub(super) evicted: bool,
    record: Record,
}

#[derive(Debug)]
pub(super) struct Space {
    limits: Limits,
    records: HashMap<Name, Record>,
    order: Order,
    /// When each is to be judged.
    due: BTreeMap<(Tick, u64), Name>,
    bytes: u64,
    turn: u64,
    pub(super) walk: Walk,
    /// Entries that were taken, and may still be in the store: until they are gone nobody else has their room.
    pub(super) leaving: usize,
}

/// Turns before this one are of entries that were there when the namespace was first met.
const FIRST_TURN: u64 = 1 << 40;

impl Space {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            records: HashMap::new(),
            order: Order::new(limits.order()),
            due: BTreeMap::new(),
            bytes: 0,
            turn: FIRST_TURN,
            walk: Walk::Ahead,
            leaving: 0,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    /// The latest turn.
    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// Notes that an entry was asked for.
    pub(super) fn ask(&mut self, name: &Name, now: Now) -> Asked {
        let turn = self.next_turn();
        let Some(record) = self.records.get_mut(name) else { return Asked::Unknown };
        if record.writers == 0 && record.life.judge(&self.limits, now.tick).is_none() {
            return Asked::Gone;
        }
        record.life.ask(now.tick);
        (record.of.last, record.of.gets) = (turn, record.of.gets + 1);
        if let Some(rank) = record.rank.filter(|_| self.order.minds_gets()) {
            self.order.remove(rank);
            record.rank = Some(self.order.add(name, record.of));
        }
        Asked::Known(record.of.put)
    }

    /// Notes an entry that somebody else has put. Says whether it is within its time.
    pub(super) fn meet(&mut self, found: Found, now: Now) -> bool {
        let turn = self.next_turn();
        self.note(found, turn, now)
    }

    fn note(&mut self, Found { name, size, written }: Found, turn: u64, now: Now) -> bool {
        if self.records.contains_key(&name) {
            return true;
        }
        let mut life = Life::new(&self.limits, written.unwrap_or(now.stamp), now);
        let lives = life.judge(&self.limits, now.tick).is_some();
        let of = Use { put: turn, last: turn, gets: 0 };
        self.bytes = self.bytes.saturating_add(size);
        self.records.insert(name.clone(), Record { size, life, of, writers: 0, rank: None, due: None });
        self.place(&name, now.tick);
        lives
    }

    /// Makes an entry one of those that may go.
    fn place(&mut self, name: &Name, now: Tick) {
        let Some(record) = self.records.get_mut(name) else { return };
        record.rank = Some(self.order.add(name, record.of));
        let due = (record.life.judge(&self.limits, now).unwrap_or(now), record.of.put);
        if due.0 != Tick::NEVER {
            record.due = Some(due);
            self.due.insert(due, name.clone());
        }
    }

    /// Makes an entry one that stays.
    fn displace(&mut self, name: &Name) {
        let Some(record) = self.records.get_mut(name) else { return };
        if let Some(rank) = record.rank.take() {
            self.order.remove(rank);
        }
        if let Some(due) = record.due.take() {
            self.due.remove(&due);
        }
    }

    fn take(&mut self, name: &Name) -> Option<Record> {
        self.displace(name);
        let record = self.records.remove(name)?;
        self.bytes = self.bytes.saturating_sub(record.size);
        Some(record)
    }

    /// Takes the entries that are past a limit.
    pub(super) fn take_due(&mut self, now: Tick, victims: &mut Vec<Victim>) {
        while let Some(first) = self.due.first_entry().filter(|first| first.key().0 <= now) {
            let name = first.remove();
            let Some(record) = self.records.get_mut(&name) else { continue };
            record.due = None;
            match record.life.judge(&self.limits, now) {
                Some(Tick::NEVER) => {}
                Some(later) => {
                    let due = (later, record.of.put);
                    record.due = Some(due);
                    self.due.insert(due, name);
                }
                None => victims.extend(self.take(&name).map(|record| Victim { name, evicted: false, record })),
            }
        }
    }

    /// Takes the entry that goes first, if any may.
    pub(super) fn take_first(&mut self) -> Option<Victim> {
        let name = self.order.first()?;
        self.take(&name).map(|record| Victim { name, evicted: true, record })
    }

    /// Takes what is beyond the limits.
    pub(super) fn take_surplus(&mut self, victims: &mut Vec<Victim>) {
        while self.has_surplus(0, 0) {
            let Some(victim) = self.take_first() else { return };
            victims.push(victim);
        }
    }

    fn has_surplus(&self, entries: u64, bytes: u64) -> bool {
        self.limits.entries.is_some_and(|most| self.len() + entries > most)
            || self.limits.bytes.is_some_and(|most| self.bytes.saturating_add(bytes) > most)
    }

    /// Makes room for an entry, and notes the victims as leaving; `None` if it has to wait for others that are being put
    /// or removed. What leaves for this entry already is in `victims`.
    pub(super) fn make_room_alone(
        &mut self,
        name: &Name,
        size: u64,
        now: Now,
        victims: &mut Vec<Victim>,
    ) -> Option<Room> {
        let before = victims.len();
        if self.leaving > before {
            return None;
        }
        let room = self.make_room(name, size, now, victims);
        self.leaving += victims.len() - before;
        room
    }

    /// Makes room for an entry, of which the victims are to be removed before it is put; `None` if it has to wait for
    /// others that are being put.
    fn make_room(&mut self, name: &Name, size: u64, now: Now, victims: &mut Vec<Victim>) -> Option<Room> {
        self.displace(name);
        self.take_due(now.tick, victims);
        let earlier = self.records.get(name).map(|record| record.size);
        let (entries, bytes) = (u64::from(earlier.is_none()), size.saturating_sub(earlier.unwrap_or(0)));
        while self.has_surplus(entries, bytes) {
            let Some(victim) = self.take_first() else {
                self.settle(name, now.tick);
                return None;
            };
            victims.push(victim);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        let life = Life::new(&self.limits, now.stamp, now);
        let fresh = || Record { size, life, of: Use::default(), writers: 0, rank: None, due: None };
        let record = self.records.entry(name.clone()).or_insert_with(fresh);
        record.size = record.size.max(size);
        record.writers += 1;
        Some(Room { name: name.clone(), size, earlier })
    }

    /// What was put is there.
    pub(super) fn fill(&mut self, room: &Room, now: Now) {
        let turn = self.next_turn();
        let life = Life::new(&self.limits, now.stamp, now);
        if let Some(record) = self.records.get_mut(&room.name) {
            (record.of.put, record.of.last, record.life) = (turn, turn, life);
        }
        self.leave(&room.name, room.size, now.tick);
    }

    /// What was to be put is not there.
    pub(super) fn give_up(&mut self, room: &Room, now: Now) {
        self.leave(&room.name, room.earlier.unwrap_or(0), now.tick);
        let is_idle = self.records.get(&room.name).is_some_and(|record| record.writers == 0);
        if room.earlier.is_none() && is_idle {
            self.take(&room.name);
        }
    }

    fn leave(&mut self, name: &Name, size: u64, now: Tick) {
        let Some(record) = self.records.get_mut(name) else { return };
        record.writers = record.writers.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(record.size).saturating_add(size);
        record.size = size;
        self.settle(name, now);
    }

    fn settle(&mut self, name: &Name, now: Tick) {
        if self.records.get(name).is_some_and(|record| record.writers == 0) {
            self.displace(name);
            self.place(name, now);
        }
    }

    /// What was to go has stayed.
    pub(super) fn keep(&mut self, Victim { name, record, .. }: Victim, now: Tick) {
        if !self.records.contains_key(&name) {
            self.bytes = self.bytes.saturating_add(record.size);
            self.records.insert(name.clone(), record);
            self.place(&name, now);
        }
    }

    /// When an entry was put or met last.
    pub(super) fn put_at(&self, name: &Name) -> Option<u64> {
        self.records.get(name).map(|record| record.of.put)
    }

    /// Forgets an entry that is gone, unless it was put since.
    pub(super) fn forget(&mut self, name: &Name, put_at: u64) {
        if self.records.get(name).is_some_and(|record| record.writers == 0 && record.of.put == put_at) {
            self.take(name);
        }
    }

    /// Forgets all that were put by a turn.
    pub(super) fn forget_all(&mut self, by: u64) {
        self.retain(by, |_| false);
    }

    /// Forgets those that were put by a turn, unless `keep` says they are there.
    fn retain(&mut self, by: u64, keep: impl Fn(&Name) -> bool) {
        let gone =
            self.records.iter().filter(|(name, record)| record.writers == 0 && record.of.put <= by && !keep(name));
        let gone: Vec<Name> = gone.map(|(name, _)| name.clone()).collect();
        for name in gone {
            self.take(&name);
        }
    }

    /// Learns what a walk has shown, which began after a turn.
    pub(super) fn learn(&mut self, mut found: Vec<Found>, began: u64, now: Now) {
        let there: HashSet<Name> = found.iter().map(|found| found.name.clone()).collect();
        self.retain(began, |name| there.contains(name));
        found.sort_by_key(|found| found.written);
        // Those that were there first are older than any that this process has put or met.
        let before = (self.walk != Walk::Done).then(|| FIRST_TURN - found.len() as u64);
        for (at, found) in found.into_iter().enumerate() {
            let turn = before.map_or_else(|| self.next_turn(), |before| before + at as u64);
            self.note(found, turn, now);
        }
        self.walk = Walk::Done;
    }
}
