//! A cache without a function, used by several threads at once: what each operation on a key answered could have been
//! answered by a single value that they take turns with, in an order that agrees with when they began and ended.
//!
//! Histories of a few operations are recorded, thousands of them, and each is checked by a search for such an order
//! (J. Wing and C. Gong, "Testing and Verifying Concurrent Objects", 1993), which remembers where it has been (G. Lowe,
//! "Testing for Linearizability", 2017). Planted histories, and a cache with a bug, show that the search finds what is
//! wrong. `CACHER_TEST_HISTORIES=100000` tries more.

mod check;
mod history;
mod record;

use std::{env, time::Duration};

use cacher_core::direct::Cache;

use check::explained;
use history::{Answer, Event, Operation};
use record::{Honest, LosesUpdates, Wavering, histories};

/// How many histories a test records: its share of what the environment says.
fn histories_of(share: u64) -> u64 {
    let all = env::var("CACHER_TEST_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000_u64);
    all / share
}

/// Checks histories of a cache of one backend, or of several. The seed says what is asked, not when.
fn check_all(cache: Cache<u64, Wavering>, several: bool, count: u64, seed: u64, loads: bool) {
    let histories = histories(&Honest(cache), count, seed, loads);
    for (number, history) in histories.iter().enumerate() {
        let explained = explained(history, several);
        assert!(explained, "history {number} of seed {seed} has no order:\n{}", history::shown(history));
    }
    let crossed = histories.iter().filter(|history| history::is_concurrent(history)).count();
    println!("{crossed} of {count} histories have operations at the same time");
    assert!(crossed as u64 * 20 >= count, "{crossed} of {count}");
}

#[test]
fn memory_is_linearizable() {
    let cache = Cache::builder().build().expect("it is set up");
    check_all(cache, false, histories_of(1), 1, false);
}

#[test]
fn memory_with_loads_is_linearizable_but_for_loads_that_others_come_between() {
    let cache = Cache::builder().build().expect("it is set up");
    check_all(cache, false, histories_of(2), 2, true);
}

#[test]
fn bounded_memory_that_expires_is_linearizable() {
    // No bound is reached, and no time passed: what differs is the way that is gone.
    let builder = Cache::builder().capacity(1_000_000).ttl(Duration::from_secs(3600));
    check_all(builder.build().expect("it is set up"), false, histories_of(2), 3, true);
}

#[cfg(feature = "msgpack")]
#[test]
fn memory_before_a_store_is_linearizable() {
    let builder = Cache::builder().backend("memory://").backend("memory://?format=msgpack");
    check_all(builder.build().expect("it is set up"), true, histories_of(4), 4, true);
}

#[cfg(feature = "msgpack")]
#[test]
fn a_store_alone_is_linearizable() {
    let cache = Cache::builder().backend("memory://?format=msgpack").build().expect("it is set up");
    check_all(cache, false, histories_of(4), 5, true);
}

#[cfg(feature = "file")]
#[test]
fn memory_before_files_is_linearizable() {
    let dir = cacher_core::testkit::TempDir::new();
    let files = cacher_core::backend::file::Files::new(dir.path());
    let cache = Cache::builder().backend("memory://").backend(files).build().expect("it is set up");
    check_all(cache, true, histories_of(20), 6, true);
}

#[test]
fn a_cache_that_loses_updates_is_found_out() {
    let cache = Cache::builder().build().expect("it is set up");
    let histories = histories(&LosesUpdates(cache), 2000, 7, false);
    assert!(!histories.iter().all(|history| explained(history, false)), "no update was lost");
}

fn event(thread: usize, operation: Operation, answer: Answer, (began, ended): (u64, u64)) -> Event {
    Event { thread, operation, answer, began, ended }
}

/// Of one thread, one after the other.
fn in_turn(all: &[(Operation, Answer)]) -> Vec<Event> {
    let times = (0..).step_by(2).map(|began| (began, began + 1));
    all.iter().zip(times).map(|((operation, answer), times)| event(0, *operation, *answer, times)).collect()
}

#[test]
fn planted_histories_are_judged() {
    use Answer::{Done, Found, Updated};
    use Operation::{Delete, Get, Set, SetIfAbsent, Update};
    let good = [
        in_turn(&[(Get, Found(None)), (Set(1), Done(true)), (Get, Found(Some(1))), (Delete, Done(true))]),
        in_turn(&[(SetIfAbsent(1), Done(true)), (SetIfAbsent(2), Done(false)), (Get, Found(Some(1)))]),
        // Two writes at once may come in either order.
        vec![
            event(0, Set(1), Done(true), (0, 10)),
            event(1, Set(2), Done(true), (1, 9)),
            event(0, Get, Found(Some(1)), (11, 12)),
            event(1, Get, Found(Some(1)), (13, 14)),
        ],
        vec![
            event(0, Update(1), Updated { saw: None }, (0, 10)),
            event(1, Update(2), Updated { saw: Some(1) }, (1, 9)),
        ],
    ];
    let bad = [
        in_turn(&[(Set(1), Done(true)), (Get, Found(None))]),
        in_turn(&[(Set(1), Done(true)), (Set(2), Done(true)), (Get, Found(Some(1)))]),
        in_turn(&[(Set(1), Done(true)), (Delete, Done(true)), (Get, Found(Some(1)))]),
        in_turn(&[(Delete, Done(true))]),
        // Of two that set what is absent one does, and a lost update is none.
        vec![event(0, SetIfAbsent(1), Done(true), (0, 10)), event(1, SetIfAbsent(2), Done(true), (1, 9))],
        vec![event(0, Update(1), Updated { saw: None }, (0, 10)), event(1, Update(2), Updated { saw: None }, (1, 9))],
        // Once it was seen, it was set.
        vec![
            event(0, Set(1), Done(true), (0, 20)),
            event(1, Get, Found(Some(1)), (1, 2)),
            event(2, Get, Found(None), (3, 4)),
        ],
        // Readers agree on the order of what they have seen.
        vec![
            event(0, Set(1), Done(true), (0, 20)),
            event(2, Get, Found(Some(1)), (2, 3)),
            event(2, Get, Found(None), (4, 5)),
        ],
    ];
    for history in &good {
        assert!(explained(history, false) && explained(history, true), "{}", history::shown(history));
    }
    for history in &bad {
        assert!(!explained(history, false), "{}", history::shown(history));
    }
    // The last two may come of several backends.
    for history in &bad[..bad.len() - 2] {
        assert!(!explained(history, true), "{}", history::shown(history));
    }
}

#[test]
fn planted_loads_are_judged() {
    use Answer::{Done, Found, Loaded};
    use Operation::{Delete, Get, Load, Set};
    let good = [
        in_turn(&[(Load(1), Loaded(1)), (Get, Found(Some(1))), (Load(2), Loaded(1))]),
        // What was deleted meanwhile is returned, and not kept.
        vec![
            event(0, Load(1), Loaded(1), (0, 10)),
            event(1, Delete, Done(false), (1, 2)),
            event(1, Get, Found(None), (11, 12)),
        ],
        // Who comes in time gets the same.
        vec![
            event(0, Load(1), Loaded(1), (0, 10)),
            event(1, Load(2), Loaded(1), (1, 11)),
            event(2, Delete, Done(false), (2, 3)),
            event(2, Get, Found(None), (12, 13)),
        ],
    ];
    let bad = [
        in_turn(&[(Load(1), Loaded(1)), (Get, Found(None))]),
        in_turn(&[(Set(1), Done(true)), (Load(2), Loaded(2))]),
        // What was loaded before it was deleted comes back.
        vec![
            event(0, Load(1), Loaded(1), (0, 10)),
            event(1, Delete, Done(false), (1, 2)),
            event(1, Load(2), Loaded(1), (11, 12)),
            event(1, Load(3), Loaded(2), (13, 14)),
        ],
        // Who comes later than the deletion gets what was loaded before it.
        vec![
            event(0, Set(9), Done(true), (0, 1)),
            event(1, Delete, Done(true), (2, 3)),
            event(1, Load(2), Loaded(9), (4, 5)),
        ],
    ];
    for history in &good {
        assert!(explained(history, false), "{}", history::shown(history));
    }
    for history in &bad {
        assert!(!explained(history, false), "{}", history::shown(history));
    }
}
