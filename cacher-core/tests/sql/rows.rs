//! Many rows, expired rows, and rows that many want.

use std::{
    collections::BTreeSet,
    sync::Barrier,
    thread,
    time::{Duration, SystemTime},
};

use cacher_core::backend::{Backend, Put};

use crate::support::{Scratch, after, key, shared, store};

fn put(namespace: &str, number: usize, entry: &[u8], expires: Option<SystemTime>) -> Put {
    Put { key: key(namespace, &format!("{number:05}")), entry: entry.to_vec(), expires }
}

#[test]
fn thousands_are_swept_listed_and_cleared_step_by_step() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        let expires = |number: usize| if number < 1300 { Some(after(-1000)) } else { Some(after(60_000)) };
        let puts: Vec<_> =
            (0..2600).map(|number| put("many", number, number.to_string().as_bytes(), expires(number))).collect();
        store.put_many(&puts).expect("a server");
        store
            .put_many(&[put("other", 1, b"kept", Some(after(-1000))), put("other", 2, b"kept", None)])
            .expect("a server");
        assert_eq!(store.len("many").expect("a server"), 2600);
        assert_eq!(store.sweep("many", SystemTime::now()).expect("a server"), 1300);
        assert_eq!(store.sweep("many", SystemTime::now()).expect("a server"), 0);
        let mut found = Vec::new();
        let scanned = store.scan("many", &mut |shown| {
            found.push(String::from_utf8(shown.entry).expect("a number"));
            true
        });
        scanned.expect("a server");
        assert_eq!(found.len(), 1300, "each once");
        let expected: BTreeSet<_> = (1300..2600).map(|number| number.to_string()).collect();
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(store.clear("many").expect("a server"), 1300);
        assert_eq!(store.len("other").expect("a server"), 2);
    }
}

#[test]
fn many_are_put_and_got_in_one_go_whatever_their_sizes() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        for count in [1, 2, 3, 499, 500, 501, 1025] {
            let puts: Vec<_> =
                (0..count).map(|number| put("sizes", number, &vec![b'x'; (number % 7) * 3000], None)).collect();
            store.put_many(&puts).expect("a server");
            let keys: Vec<_> = puts.iter().map(|put| put.key.clone()).chain([key("sizes", "none")]).collect();
            let found = store.get_many(&keys).expect("a server");
            assert_eq!(found.len(), count + 1);
            assert!(found.iter().zip(&puts).all(|(found, put)| found.as_ref() == Some(&put.entry)), "{count}");
            assert_eq!(found[count], None);
        }
    }
}

#[test]
fn all_of_many_are_put_or_none() {
    for database in shared().into_iter().filter(|database| database.starts_with("mysql")) {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        let too_large = vec![0; 17 << 20];
        let puts: Vec<_> = (0..600).map(|number| put("all", number, b"x", None)).collect();
        let puts = [puts, vec![put("all", 1000, &too_large, None)]].concat();
        store.put_many(&puts).expect_err("more than the server takes");
        assert_eq!(store.len("all").expect("a server"), 0);
    }
}

#[test]
fn what_has_expired_is_replaced_and_not_touched() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        let key = key("expired", "one");
        store.put(&key, b"old", Some(after(-1))).expect("a server");
        assert!(!store.touch(&key, Some(after(60_000))).expect("a server"), "it has expired");
        assert!(store.put_if_absent(&key, b"new", Some(after(60_000))).expect("a server"));
        assert_eq!(store.get(&key).expect("a server").as_deref(), Some(&b"new"[..]));
        assert!(!store.put_if_absent(&key, b"newer", None).expect("a server"));
        // The same time again counts as well: the row is there.
        let soon = Some(after(300));
        assert!(store.touch(&key, soon).expect("a server") && store.touch(&key, soon).expect("a server"));
        assert!(!store.put_if_absent(&key, b"newer", None).expect("a server"));
        let free = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            store.put_if_absent(&key, b"newest", None).expect("a server")
        });
        assert!(free && Some(SystemTime::now()) >= soon);
        assert_eq!(store.get(&key).expect("a server").as_deref(), Some(&b"newest"[..]));
    }
}

#[test]
fn of_many_who_replace_what_has_expired_one_wins() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let stores: Vec<_> = (0..6).map(|_| scratch.open()).collect();
        for round in 0..20 {
            let key = key("race", &format!("round {round}"));
            stores[0].put(&key, b"old", Some(after(-1000))).expect("a server");
            let start = Barrier::new(stores.len());
            let won = thread::scope(|scope| {
                let run = |store| {
                    start.wait();
                    Backend::put_if_absent(store, &key, b"new", None).expect("a server")
                };
                let threads: Vec<_> = stores.iter().map(|store| scope.spawn(move || run(store))).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).filter(|won| *won).count()
            });
            assert_eq!(won, 1);
        }
    }
}

#[test]
fn writers_in_opposite_orders_beside_sweeps_and_clears_all_succeed() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        // A server that looks for deadlocks late does not hide them.
        let late = if database.starts_with("mysql") { "" } else { "&options=-c%20deadlock_timeout=60s" };
        let url = format!("{}&timeout=20s{late}", scratch.url());
        thread::scope(|scope| {
            for writer in 0..6 {
                let store = store(&url);
                scope.spawn(move || {
                    for round in 0..15 {
                        let expires = if round % 3 == 0 { Some(after(-5)) } else { None };
                        let mut puts: Vec<_> = (0..700).map(|number| put("order", number, b"entry", expires)).collect();
                        if writer % 2 == 0 {
                            puts.reverse();
                        }
                        store.put_many(&puts).expect("no deadlock");
                        match (writer + round) % 4 {
                            0 => drop(store.sweep("order", SystemTime::now()).expect("no deadlock")),
                            1 => drop(store.clear("order").expect("no deadlock")),
                            _ => {}
                        }
                    }
                });
            }
        });
    }
}
