//! Many entries, and large ones.

use std::time::Duration;

use cacher_core::{
    backend::{Backend, Key, Put},
    error::Kind,
};

use crate::{key, scanned, shared};

fn puts(namespace: &str, count: usize, length: usize) -> (Vec<Key>, Vec<Put>) {
    let keys: Vec<Key> = (0..count).map(|n| key(namespace, &n.to_string())).collect();
    let entry = |n: usize| n.to_le_bytes().into_iter().cycle().take(length).collect();
    let puts = keys.iter().enumerate().map(|(n, key)| Put { key: key.clone(), entry: entry(n), expires: None });
    let puts = puts.collect();
    (keys, puts)
}

#[test]
fn more_entries_than_one_message_takes() {
    let Some(store) = shared("many") else { return };
    for (namespace, count, length) in [("numerous", 1201, 40), ("large", 40, 1 << 20)] {
        let (keys, puts) = puts(namespace, count, length);
        store.put_many(&puts).expect("put");
        let found = store.get_many(&keys).expect("got");
        assert!(found.iter().zip(&puts).all(|(found, put)| found.as_ref() == Some(&put.entry)));
        assert_eq!(store.len(&keys[0].namespace).expect("a length"), count as u64);
        let shown = scanned(&store, &keys[0].namespace);
        let mut expected: Vec<_> = puts.into_iter().map(|put| put.entry).collect();
        expected.sort();
        assert!(shown == expected, "a scan showed {} of {}", shown.len(), expected.len());
        assert_eq!(store.clear(&keys[0].namespace).expect("cleared"), count as u64);
        assert!(store.get_many(&keys).expect("got").iter().all(Option::is_none));
    }
}

#[test]
fn the_largest_entry_is_taken_and_a_larger_one_refused() {
    let Some(store) = shared("many") else { return };
    let key = key("largest", &"long".repeat(1000));
    let largest = vec![7; (16 << 20) - (16 << 10)];
    let larger = [&largest[..], &[7]].concat();
    let put = |entry: &[u8]| Put { key: key.clone(), entry: entry.to_vec(), expires: None };
    store.put(&key, &largest, None).expect("put");
    store.put_many(&[put(b"small"), put(&largest)]).expect("put");
    let small = put(b"small");
    let errors = [
        store.put(&key, &larger, None).expect_err("too large"),
        store.put_many(&[put(&larger), small.clone()]).expect_err("too large"),
        store.put_if_absent(&key, &larger, None).expect_err("too large"),
    ];
    for error in errors {
        assert_eq!(error.kind(), Kind::Rejected);
        assert!(error.to_string().contains("16760833 bytes"), "{error}");
    }
    assert!(store.get(&key).expect("got") == Some(largest), "it's the one before");
    store.put_many(&[small]).expect("put");
    assert_eq!(store.get(&key).expect("got").as_deref(), Some(&b"small"[..]));
    store.clear(&key.namespace).expect("cleared");
}

#[test]
fn one_of_many_callers_puts_what_is_absent() {
    let Some(store) = shared("many") else { return };
    for round in 0..20 {
        let key = key("absent", &round.to_string());
        let put = |n: u8| store.put_if_absent(&key, &[n], None).expect("put");
        let winners: Vec<u8> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8).map(|n| (n, scope.spawn(move || put(n)))).collect();
            callers.into_iter().filter_map(|(n, caller)| caller.join().expect("no panic").then_some(n)).collect()
        });
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(store.get(&key).expect("got"), Some(winners));
    }
    store.clear(&key("absent", "").namespace).expect("cleared");
}

#[test]
fn writers_of_one_new_key_do_not_fail_each_other() {
    let Some(store) = shared("many") else { return };
    let later = std::time::SystemTime::now() + Duration::from_secs(60);
    for round in 0..20 {
        let key = key("together", &round.to_string());
        let put = Put { key: key.clone(), entry: b"many".to_vec(), expires: Some(later) };
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (store, key, put) = (&store, &key, &put);
                scope.spawn(move || match n % 2 {
                    0 => store.put(key, b"one", None).expect("put"),
                    _ => store.put_many(std::slice::from_ref(put)).expect("put"),
                });
            }
        });
        assert!(store.get(&key).expect("got").is_some());
        assert_eq!(store.len(&key.namespace).expect("a length"), round + 1);
    }
    store.clear(&key("together", "").namespace).expect("cleared");
}
