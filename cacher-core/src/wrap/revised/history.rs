//! The revisions of one entry, as they are stored: one record, so that a crash leaves the old or the new one.

use std::time::SystemTime;

use crate::{
    envelope,
    error::{Error, Kind, Result},
};

/// A revision of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revision {
    /// Its number: the first is 1, and none is given twice.
    pub number: u64,
    /// Its place from the end: -1 is the latest. `None` if only its names keep it.
    pub from_end: Option<i64>,
    /// The names that it is pinned by.
    pub names: Vec<String>,
    /// When it was stored; `None` for what is no entry of a cache.
    pub created: Option<SystemTime>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// The number that was given last.
    last: u64,
    /// In the order of their numbers.
    kept: Vec<Kept>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    number: u64,
    /// Whether it is one of the latest, not kept for its names alone.
    recent: bool,
    names: Vec<String>,
    entry: Vec<u8>,
}

impl History {
    /// Adds an entry, and says so; unless its value is that of the latest: then it takes that one's place.
    pub(super) fn add(&mut self, entry: &[u8], most: usize) -> bool {
        if let Some(latest) = self.kept.last_mut().filter(|latest| same_value(&latest.entry, entry)) {
            latest.recent = true;
            latest.entry = entry.to_vec();
            return false;
        }
        self.last += 1;
        self.kept.push(Kept { number: self.last, recent: true, names: Vec::new(), entry: entry.to_vec() });
        let older = self.kept.iter_mut().rev().filter(|kept| kept.recent).skip(most);
        older.for_each(|kept| kept.recent = false);
        self.forget_unkept();
        true
    }

    fn forget_unkept(&mut self) {
        self.kept.retain(|kept| kept.recent || !kept.names.is_empty());
    }

    /// The entry of a revision: by its number, or from the end if that is negative.
    pub(super) fn entry(&self, revision: i64) -> Option<&[u8]> {
        let found = if revision < 0 {
            let back = usize::try_from(revision.unsigned_abs() - 1).ok()?;
            self.kept.iter().rev().filter(|kept| kept.recent).nth(back)
        } else {
            self.kept.iter().find(|kept| i64::try_from(kept.number) == Ok(revision))
        };
        found.map(|kept| &*kept.entry)
    }

    pub(super) fn named(&self, name: &str) -> Option<&[u8]> {
        self.kept.iter().find(|kept| kept.has(name)).map(|kept| &*kept.entry)
    }

    /// Gives the latest a name, which no other has then. Says whether there is a latest.
    pub(super) fn pin(&mut self, name: &str) -> bool {
        if !self.kept.last().is_some_and(|latest| latest.recent) {
            return false;
        }
        self.kept.iter_mut().for_each(|kept| kept.names.retain(|other| other != name));
        if let Some(latest) = self.kept.last_mut() {
            latest.names.push(name.to_owned());
        }
        self.forget_unkept();
        true
    }

    /// Takes a name away, and says whether it was there. What it alone has kept is forgotten.
    pub(super) fn unpin(&mut self, name: &str) -> bool {
        let Some(kept) = self.kept.iter_mut().find(|kept| kept.has(name)) else { return false };
        kept.names.retain(|other| other != name);
        self.forget_unkept();
        true
    }

    /// Forgets what has no name, but for the latest; returns how many.
    pub(super) fn clear_unpinned(&mut self) -> u64 {
        let (before, last) = (self.kept.len(), self.last);
        self.kept.retain(|kept| kept.number == last || !kept.names.is_empty());
        self.kept.iter_mut().filter(|kept| kept.number != last).for_each(|kept| kept.recent = false);
        (before - self.kept.len()) as u64
    }

    pub(super) fn list(&self) -> Vec<Revision> {
        let mut from_end = 0;
        let listed = self.kept.iter().rev().map(|kept| {
            from_end -= i64::from(kept.recent);
            Revision {
                number: kept.number,
                from_end: kept.recent.then_some(from_end),
                names: kept.names.clone(),
                created: envelope::inspect(&kept.entry).and_then(|header| header.times.created.to_system()),
            }
        });
        let mut listed: Vec<_> = listed.collect();
        listed.reverse();
        listed
    }

    /// | part                                | bytes             |
    /// |-------------------------------------|-------------------|
    /// | the last number                     | 8                 |
    /// | how many revisions                  | 8                 |
    /// | of each: number, whether recent     | 8, 1              |
    /// | how many names, and each of them    | 8, length (8) and it |
    /// | the entry                           | length (8) and it |
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_number(&mut bytes, self.last);
        write_number(&mut bytes, self.kept.len() as u64);
        for kept in &self.kept {
            write_number(&mut bytes, kept.number);
            bytes.push(u8::from(kept.recent));
            write_number(&mut bytes, kept.names.len() as u64);
            kept.names.iter().for_each(|name| write_field(&mut bytes, name.as_bytes()));
            write_field(&mut bytes, &kept.entry);
        }
        bytes
    }

    /// Reads what [`write`](Self::write) made.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let history = reader.history().filter(|_| reader.0.is_empty());
        history.ok_or_else(|| Error::new(Kind::Damaged, "the revisions of an entry are malformed"))
    }
}

impl Kept {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|other| other == name)
    }
}

fn same_value(one: &[u8], other: &[u8]) -> bool {
    one == other || envelope::value(one).is_some_and(|value| envelope::value(other) == Some(value))
}

fn write_number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn write_field(bytes: &mut Vec<u8>, field: &[u8]) {
    write_number(bytes, field.len() as u64);
    bytes.extend_from_slice(field);
}

/// Reads from the front of what it has left. `None` wherever that is too short.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn history(&mut self) -> Option<History> {
        let (last, count) = (self.number()?, self.number()?);
        let kept = (0..count).map(|_| self.kept()).collect::<Option<_>>()?;
        Some(History { last, kept })
    }

    fn kept(&mut self) -> Option<Kept> {
        let (number, recent, names) = (self.number()?, self.take(1)? == [1], self.number()?);
        let names = (0..names).map(|_| self.field().and_then(|name| String::from_utf8(name.to_vec()).ok()));
        let names = names.collect::<Option<_>>()?;
        Some(Kept { number, recent, names, entry: self.field()?.to_vec() })
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
