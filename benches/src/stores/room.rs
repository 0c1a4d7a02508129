//! How many bytes an entry takes.

use std::io;

use cacher::testing::TempDir;

use super::{
    growth::{Grown, LIFE},
    head, line,
    place::{Kind, taken},
    sample::{LARGE, SMALL},
    takes,
};

const ENTRIES: u64 = 1000;

/// Prints the table.
pub(super) fn measure() -> io::Result<()> {
    println!("\nBytes of an entry on the disk, of {ENTRIES}: of 200 bytes, of 10 kB.\n");
    head("");
    line("the entry itself", |format| {
        let of = |posts| Ok::<_, io::Error>(bytes(format, posts)?.to_string());
        Ok(format!("{}, {}", of(SMALL)?, of(LARGE)?))
    })?;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Bytes) {
        line(kind.name(), |format| {
            if !takes(kind, format) {
                return Ok("-".into());
            }
            Ok(format!("{}, {}", room(kind, format, SMALL)?, room(kind, format, LARGE)?))
        })?;
    }
    Ok(())
}

/// The mean of the sealed bytes.
fn bytes(format: &'static str, posts: usize) -> io::Result<u64> {
    let puts = Grown::entries(format, posts, 0..ENTRIES, LIFE)?;
    Ok(puts.iter().map(|put| put.entry.len() as u64).sum::<u64>() / ENTRIES)
}

fn room(kind: Kind, format: &'static str, posts: usize) -> io::Result<u64> {
    let dir = TempDir::new();
    let mut grown = Grown::new(kind, format, posts, dir.path())?;
    grown.grow(ENTRIES)?;
    // Closed: a log is merged then.
    drop(grown);
    Ok(taken(dir.path())? / ENTRIES)
}
