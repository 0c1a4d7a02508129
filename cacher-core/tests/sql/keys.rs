//! Keys, values and tables of any content, which never meet.

use cacher_core::backend::{Backend, Put};

use crate::support::{Scratch, Session, Store, key, shared};

/// What some server, client or person takes for something else.
fn odd() -> Vec<String> {
    let mut odd: Vec<String> = (0..=u8::MAX).map(|byte| format!("a{}b", char::from(byte))).collect();
    odd.extend((0..=u8::MAX).map(char::from).map(String::from));
    let texts = [
        "",
        "'",
        "''",
        "\"",
        "`",
        "\\",
        "\\'",
        "--",
        "/*",
        ";",
        "$1",
        "?",
        "%",
        "_",
        "\r\n",
        "\0",
        "NULL",
        "a",
        "A",
        "a ",
        "'; DROP TABLE cacher_entries; --",
        "' OR '1'='1",
        "x') ON CONFLICT DO NOTHING; --",
        "ä",
        "Ä",
        "日本",
        "👾",
    ];
    odd.extend(texts.map(String::from));
    odd.push("long".repeat(1000));
    odd.push("long".repeat(1000) + "!");
    odd.sort();
    odd.dedup();
    odd
}

fn value(at: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().skip(at % 256).take(300 + at).collect()
}

fn puts(namespace: &str) -> Vec<Put> {
    let keys = odd().into_iter().enumerate();
    keys.map(|(at, name)| Put { key: key(namespace, &name), entry: value(at), expires: None }).collect()
}

fn check(store: &Store, puts: &[Put]) {
    let keys: Vec<_> = puts.iter().map(|put| put.key.clone()).collect();
    for (put, found) in puts.iter().zip(store.get_many(&keys).expect("a server")) {
        assert_eq!(found.as_ref(), Some(&put.entry), "{:?}", put.key);
    }
}

#[test]
fn names_of_any_bytes_are_only_names() {
    for database in shared() {
        let (scratch, other) = (Scratch::of(&database), Scratch::of(&database));
        let (store, beside) = (scratch.open(), other.open());
        let puts = puts("names");
        beside.put(&puts[0].key, b"beside", None).expect("a server");
        store.put_many(&puts).expect("a server");
        check(&store, &puts);
        for put in &puts {
            assert!(!store.put_if_absent(&put.key, b"another", None).expect("a server"), "{:?}", put.key);
            assert!(store.touch(&put.key, None).expect("a server"));
        }
        check(&store, &puts);
        assert_eq!(beside.len("names").expect("a server"), 1);
        assert_eq!(store.clear("names").expect("a server"), puts.len() as u64);
        assert_eq!(beside.get(&puts[0].key).expect("a server").as_deref(), Some(&b"beside"[..]));
    }
}

#[test]
fn namespaces_of_any_bytes_are_only_namespaces() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        let puts: Vec<Put> = odd()
            .iter()
            .enumerate()
            .map(|(at, namespace)| Put { key: key(namespace, "name"), entry: value(at), expires: None })
            .collect();
        store.put_many(&puts).expect("a server");
        for (at, put) in puts.iter().enumerate() {
            assert_eq!(store.len(&put.key.namespace).expect("a server"), 1, "{:?}", put.key);
            assert_eq!(store.clear(&put.key.namespace).expect("a server"), 1, "{:?}", put.key);
            check(&store, &puts[at + 1..]);
        }
    }
}

#[test]
fn large_values_come_back_and_other_tables_stay() {
    for database in shared() {
        let (scratch, theirs) = (Scratch::of(&database), Scratch::of(&database));
        let mut session = Session::open(&database);
        session.run(&format!("CREATE TABLE {} (id INT)", theirs.table)).expect("a server");
        session.run(&format!("INSERT INTO {} VALUES (1), (2)", theirs.table)).expect("a server");
        let store = scratch.open();
        let large: Vec<u8> = (0..=u8::MAX).cycle().take(5 << 20).collect();
        for name in ["'; DELETE FROM x", "b"] {
            store.put(&key("large", name), &large, None).expect("a server");
            assert!(store.get(&key("large", name)).expect("a server").is_some_and(|found| found == large));
        }
        store.clear("large").expect("a server");
        assert_eq!(session.run(&format!("UPDATE {} SET id = id + 1", theirs.table)).expect("a server"), 2);
    }
}
