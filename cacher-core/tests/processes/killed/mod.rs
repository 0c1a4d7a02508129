//! Writers that are killed at any instant, many times over: whatever the store and the wrapper around it, it opens, and
//! each entry is the old one, the new one, or absent where it was or was being removed.
//!
//! `CACHER_TEST_KILLS` says how many writers of each are killed. The figures are printed: see `docs/durability.md`.

mod child;
mod ledger;
mod rounds;

use crate::subject::{Store, Subject, Wrapper};

/// How many are killed unless it is said.
const KILLS: u64 = 20;

macro_rules! survives {
    ($($test:ident: $store:ident $wrapper:ident),* $(,)?) => { $(
        #[test]
        fn $test() {
            let kills = std::env::var("CACHER_TEST_KILLS").map_or(KILLS, |number| number.parse().expect("a number"));
            rounds::survives(Subject { store: Store::$store, wrapper: Wrapper::$wrapper }, kills);
        }
    )* };
}

survives! {
    files: File None,
    files_with_revisions: File Revised,
    files_with_an_archive: File Archived,
    files_in_the_background: File Backgrounded,
    a_json_file: JsonFile None,
    sqlite: Sqlite None,
    sqlite_with_revisions: Sqlite Revised,
    sqlite_with_an_archive: Sqlite Archived,
    sqlite_in_the_background: Sqlite Backgrounded,
    lmdb: Lmdb None,
    lmdb_with_revisions: Lmdb Revised,
}

/// Not a test of its own: what the others run in processes that they kill.
#[test]
#[ignore = "a part of other tests"]
fn child_writes() {
    child::write_until_killed();
}
