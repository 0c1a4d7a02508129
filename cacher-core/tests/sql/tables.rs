//! Tables: made with the first use, by any number at once, and only if they are ours.

use std::{sync::Barrier, thread};

use cacher_core::{backend::Backend, error::Kind};

use crate::support::{Scratch, Session, failure, key, shared, store};

#[test]
fn any_number_may_make_it_at_once() {
    for database in shared() {
        for _ in 0..8 {
            let scratch = Scratch::of(&database);
            let start = Barrier::new(8);
            thread::scope(|scope| {
                for writer in 0..8 {
                    let (store, start) = (scratch.open(), &start);
                    scope.spawn(move || {
                        start.wait();
                        store.put(&key("made", &writer.to_string()), b"entry", None).expect("a table");
                    });
                }
            });
            assert_eq!(scratch.open().len("made").expect("a table"), 8);
        }
    }
}

#[test]
fn one_that_was_dropped_is_made_again() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        let key = key("dropped", "one");
        for _ in 0..3 {
            store.put(&key, b"entry", None).expect("a table");
            assert_eq!(store.get(&key).expect("a table").as_deref(), Some(&b"entry"[..]));
            scratch.drop_table();
            assert_eq!(store.get(&key).expect("a table"), None);
            scratch.drop_table();
            store.put_many(&[]).expect("nothing to do");
            assert!(store.put_if_absent(&key, b"entry", None).expect("a table"));
            scratch.drop_table();
        }
    }
}

#[test]
fn one_of_others_is_left_alone() {
    for database in shared() {
        for columns in ["k INT PRIMARY KEY", "k INT, v INT, exp INT", "k INT, v INT, exp BIGINT, more INT"] {
            let scratch = Scratch::of(&database);
            let mut session = Session::open(&database);
            session.run(&format!("CREATE TABLE {} ({columns})", scratch.table)).expect("a server");
            session.run(&format!("INSERT INTO {} (k) VALUES (1)", scratch.table)).expect("a server");
            let store = scratch.open();
            for error in [
                failure(store.put(&key("theirs", "one"), b"entry", None)),
                failure(store.get(&key("theirs", "one"))),
                failure(store.clear("theirs")),
            ] {
                assert_eq!(error.kind(), Kind::Invalid);
                assert!(error.to_string().contains("choose another name"), "{error}");
            }
            assert_eq!(session.run(&format!("DELETE FROM {}", scratch.table)).expect("a server"), 1);
        }
    }
}

#[test]
fn any_name_will_do_and_case_does_not_matter() {
    for database in shared() {
        let quote = if database.starts_with("mysql") { '`' } else { '"' };
        for name in ["select", "Order", "table", "_"] {
            let drop = format!("DROP TABLE IF EXISTS {quote}{}{quote}", name.to_lowercase());
            Session::open(&database).run(&drop).expect("a server");
            let named = store(&format!("{database}?table={name}"));
            let same = store(&format!("{database}?table={}", name.to_uppercase()));
            named.put(&key("named", "one"), b"entry", None).expect("a table");
            assert_eq!(same.len("named").expect("a table"), 1);
            Session::open(&database).run(&drop).expect("a server");
        }
    }
}

#[test]
fn it_is_as_the_documentation_says() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        scratch.open().put(&key("shape", "a b"), b"entry", None).expect("a table");
        let found = format!("FROM {} WHERE k = 'shape|json|a%20b' AND v = 'entry' AND exp IS NULL", scratch.table);
        assert_eq!(Session::open(&database).run(&format!("DELETE {found}")).expect("a server"), 1);
        let index = if database.starts_with("mysql") {
            format!("DROP INDEX exp ON {}", scratch.table)
        } else {
            format!("DROP INDEX {}_exp", scratch.table)
        };
        Session::open(&database).run(&index).expect("an index");
    }
}
