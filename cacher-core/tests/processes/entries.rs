//! The entries that are written: each write has a number, and its entry says it.

use std::time::Duration;

use cacher_core::{
    backend::Key,
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
};

pub(crate) const SPACE: &str = "app::posts::fetch";
/// How many entries are written in turn.
pub(crate) const SLOTS: usize = 5;
/// From less than a page to many.
const LENGTHS: [usize; 4] = [40, 900, 9_000, 70_000];

pub(crate) fn slot(write: u64) -> usize {
    usize::try_from(write).expect("few") % SLOTS
}

/// Whether a write is a removal.
pub(crate) fn removes(write: u64) -> bool {
    write % 7 == 6
}

pub(crate) fn key(slot: usize) -> Key {
    Key { namespace: SPACE.into(), name: format!("entry {slot}").into(), format: "msgpack" }
}

/// The entry of a write: it has expired when the next comes, so that an archive takes it.
pub(crate) fn entry(write: u64) -> Vec<u8> {
    let stamp = Stamp(write + 1);
    let times =
        Times { load_began: stamp, created: stamp, fresh_until: stamp, keep_until: stamp, load_time: Duration::ZERO };
    let length = LENGTHS[usize::try_from(write / 3).expect("few") % LENGTHS.len()];
    let value: Vec<u8> = write.to_le_bytes().iter().copied().cycle().take(length).collect();
    let name = key(slot(write)).name;
    let identity = Identity { namespace: SPACE, key: name.as_bytes() };
    envelope::seal("msgpack", &identity, &times, &Content { value: &value, arguments: None, tags: &[] })
}

/// The write that an entry is of, which it must be to the last byte.
#[track_caller]
pub(crate) fn write_of(found: &[u8]) -> u64 {
    let header = envelope::inspect(found).expect("an intact entry");
    let write = header.times.created.0 - 1;
    assert!(found == entry(write), "another entry than that of write {write}");
    write
}
