//! Rounds of a child that is killed, and of what is found then.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

use cacher_core::{
    backend::{Backend, Scanned},
    testkit::TempDir,
};

use super::{
    child,
    ledger::{Ledger, Slot, State},
};
use crate::{
    entries::{SLOTS, SPACE, entry, key, write_of},
    subject::{Opened, Store, Subject, Wrapper},
};

/// The longest life of a child, from its first write on: some writes of the slowest store.
const LIFE: u64 = 6_000;
const HANG: Duration = Duration::from_secs(30);

/// What was found of the entry that was being written.
#[derive(Debug, Default)]
struct Tally {
    writing: u64,
    old: u64,
    new: u64,
    absent: u64,
    torn: u64,
}

pub(crate) fn survives(subject: Subject, kills: u64) {
    let (dir, start) = (TempDir::new(), Instant::now());
    let mut ledger = Ledger::new(subject.wrapper == Wrapper::Backgrounded);
    let mut tally = Tally::default();
    // Half of the children die while nobody else has the store open, and half beside a process that goes on.
    let mut beside = None;
    for round in 0..kills {
        if round == kills / 2 {
            beside = Some(subject.open(dir.path()));
        }
        let torn = temporary(dir.path());
        let writing = ledger.note(&killed(subject, dir.path(), ledger.next));
        tally.torn += u64::from(temporary(dir.path()) > torn);
        let store = subject.open(dir.path());
        (0..SLOTS).for_each(|at| _ = found(&store, at, &ledger.slots[at]));
        if subject.store == Store::Lmdb {
            // One that died between its last two steps has written; readers see that when the next writer comes.
            store.backend().put(&key(SLOTS), b"the next", None).expect("put");
        }
        check(&store, &mut ledger, writing, &mut tally);
        if let Some(store) = &beside {
            check(store, &mut ledger, None, &mut tally);
        }
    }
    drop(beside);
    assert_sound(subject, dir.path());
    let Tally { writing, old, new, absent, torn } = tally;
    println!(
        "| {} | {kills} | {writing} | {old} | {new} | {absent} | {torn} | 0 | {:.0} s |",
        subject.name(),
        start.elapsed().as_secs_f64()
    );
    assert!(kills < 20 || writing > 0, "none was killed while it wrote");
}

/// Lets a child write, kills it, and returns what it said.
fn killed(subject: Subject, dir: &Path, first: u64) -> Vec<u8> {
    let progress = TempDir::new();
    let progress = progress.path().join("progress");
    fs::write(&progress, "").expect("written");
    let (mut child, start) = (child::start(subject, dir, first, &progress), Instant::now());
    while fs::metadata(&progress).expect("there").len() == 0 {
        assert!(start.elapsed() < HANG && child.try_wait().expect("asked").is_none(), "it does not write");
        thread::sleep(Duration::from_micros(200));
    }
    let random = RandomState::new().hash_one(first);
    thread::sleep(Duration::from_micros(random % LIFE));
    child.kill().expect("killed");
    child.wait().expect("ended");
    fs::read(&progress).expect("there")
}

/// How many files there are that were being written.
fn temporary(dir: &Path) -> usize {
    let listed = fs::read_dir(dir).into_iter().flatten().map(|found| found.expect("readable").path());
    let of = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() { temporary(path) } else { usize::from(name.starts_with(".tmp-") || name.ends_with(".tmp")) }
    };
    listed.map(|path| of(&path)).sum()
}

fn found(store: &Opened, at: usize, slot: &Slot) -> State {
    let found = store.backend().get(&key(at)).expect("get").map(|entry| write_of(&entry));
    assert!(slot.may_be.contains(&found), "entry {at} is {found:?}, not one of {:?}", slot.may_be);
    found
}

fn check(store: &Opened, ledger: &mut Ledger, writing: Option<usize>, tally: &mut Tally) {
    for at in 0..SLOTS {
        let slot = &mut ledger.slots[at];
        let found = found(store, at, slot);
        if writing == Some(at) {
            tally.writing += 1;
            match found {
                None => tally.absent += 1,
                Some(_) if found == slot.may_be[0] => tally.old += 1,
                Some(_) => tally.new += 1,
            }
        }
        slot.settle(found);
        check_kept(store, at, slot);
    }
    if let Opened::Archived(store) = store {
        store.clear_archive(SPACE).expect("clear_archive");
        ledger.slots.iter_mut().for_each(|slot| slot.earlier = None);
    }
}

/// What a wrapper keeps beside an entry is whole, and what was overwritten is in it.
fn check_kept(store: &Opened, at: usize, slot: &Slot) {
    let (now, earlier) = (slot.may_be[0], slot.earlier);
    match store {
        Opened::Revised(store) => {
            let revisions = store.revisions(&key(at)).expect("revisions");
            for revision in &revisions {
                let number = i64::try_from(revision.number).expect("few");
                write_of(&store.revision(&key(at), number).expect("revision").expect("there"));
            }
            let from_end = |back| store.revision(&key(at), back).expect("revision").map(|entry| write_of(&entry));
            assert!(now.is_none() || from_end(-1) == now);
            let kept: Vec<_> = (1..=3).map(|back| from_end(-back)).collect();
            assert!(earlier.is_none() || kept[1] == earlier, "{earlier:?} was before {now:?}, but kept are {kept:?}");
        }
        Opened::Archived(store) => {
            let mut archived = Vec::new();
            let visit = &mut |found: Scanned| {
                archived.push(write_of(&found.entry));
                true
            };
            store.scan_archive(SPACE, visit).expect("scan_archive");
            assert!(earlier.is_none_or(|earlier| archived.contains(&earlier)), "{earlier:?} is not in the archive");
        }
        Opened::Plain(_) | Opened::Backgrounded(_) => {}
    }
}

/// Nothing is left that the store does not remove, and what can tell finds no damage.
fn assert_sound(subject: Subject, dir: &Path) {
    let later = SystemTime::now() + Duration::from_secs(2 * 3600);
    let store = subject.open(dir);
    for at in 0..SLOTS {
        store.backend().put(&key(at), &entry(at as u64), None).expect("put");
    }
    store.flush();
    for space in [SPACE.to_owned(), format!("{SPACE}@@revisions"), format!("{SPACE}@@archive")] {
        Backend::sweep(&*subject.inner(dir), &space, later).expect("sweep");
    }
    assert_eq!(temporary(dir), 0);
    if subject.store == Store::Sqlite {
        let database = rusqlite::Connection::open(dir.join("cache.db")).expect("open");
        let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict");
        assert_eq!(verdict, "ok");
        let sql = "SELECT count(DISTINCT namespace || name || format) = count(*) FROM cacher";
        assert!(database.query_row(sql, [], |row| row.get::<_, bool>(0)).expect("a row"));
    }
}
