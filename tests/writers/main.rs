//! Functions that change what cached functions read: what becomes of the entries when they return.
#![allow(
    clippy::items_after_statements,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "tests read better so"
)]

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use cacher::{cache, invalidates, updates};

/// A source of texts under numbers.
#[derive(Default)]
struct Table(Mutex<Option<HashMap<u64, String>>>);

impl Table {
    const fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<u64, String>) -> T) -> T {
        act(self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
    }

    fn get(&self, id: u64) -> String {
        self.with(|rows| rows.get(&id).cloned().unwrap_or_default())
    }

    fn set(&self, id: u64, text: &str) {
        self.with(|rows| rows.insert(id, text.into()));
    }
}

mod invalidating {
    use super::*;

    static TABLE: Table = Table::new();

    #[cache(tags = ["writers:name:{id}"])]
    fn name(id: u64) -> String {
        TABLE.get(id)
    }

    #[cache]
    async fn length(id: u64) -> usize {
        TABLE.get(id).len()
    }

    #[cache]
    fn all() -> usize {
        TABLE.with(|rows| rows.len())
    }

    #[invalidates(name(id), length(id), all(..))]
    fn rename(id: u64, to: String) -> Result<String, String> {
        if to.is_empty() {
            return Err(to);
        }
        TABLE.set(id, &to);
        Ok(to)
    }

    #[invalidates(name(id), length(id), all(..))]
    async fn rename_later(id: u64, to: String) -> Result<String, String> {
        std::future::ready(()).await;
        if to.is_empty() {
            return Err(to);
        }
        TABLE.set(id, &to);
        Ok(to)
    }

    #[invalidates(tag("writers:name:{id}"))]
    fn rename_by_tag(id: u64, to: &str) {
        TABLE.set(id, to);
    }

    #[test]
    fn what_a_writer_changes_is_loaded_anew() {
        let length = |id| futures::executor::block_on(length(id));
        assert_eq!((name(1), length(1), all()), (String::new(), 0, 0));
        TABLE.set(1, "not told of");
        assert_eq!((name(1), length(1), all()), (String::new(), 0, 0));
        assert_eq!(rename(1, "ann".into()), Ok("ann".into()));
        assert_eq!((name(1), length(1), all()), ("ann".into(), 3, 1));
        TABLE.set(1, "not told of");
        assert_eq!(rename(1, String::new()), Err(String::new()));
        assert_eq!((name(1), length(1)), ("ann".into(), 3), "a writer that failed has changed nothing");
        assert!(futures::executor::block_on(rename_later(1, String::new())).is_err());
        assert_eq!((name(1), length(1)), ("ann".into(), 3));
        assert_eq!(futures::executor::block_on(rename_later(1, "cynthia".into())), Ok("cynthia".into()));
        assert_eq!((name(1), length(1)), ("cynthia".into(), 7));
        name(2);
        TABLE.set(2, "not told of");
        rename_by_tag(1, "dan");
        assert_eq!((name(1), name(2)), ("dan".into(), String::new()));
    }
}

mod updating {
    use super::*;

    static TABLE: Table = Table::new();

    #[cache(cache_if = |name: &String| name.len() < 10)]
    fn name(id: u64) -> Result<String, String> {
        Ok(TABLE.get(id))
    }

    #[updates(name(id))]
    fn rename(id: u64, to: &str) -> Result<String, String> {
        TABLE.set(id, to);
        if to.is_empty() { Err("no name".into()) } else { Ok(to.to_uppercase()) }
    }

    #[updates(name(id))]
    async fn rename_later(id: u64, to: &str) -> String {
        TABLE.set(id, to);
        to.to_uppercase()
    }

    #[test]
    fn what_a_writer_returns_is_what_readers_get() {
        let get = |id| name(id).unwrap();
        assert_eq!(get(1), "");
        assert_eq!(rename(1, "ann").unwrap(), "ANN");
        assert_eq!(get(1), "ANN", "no load");
        rename(1, "").unwrap_err();
        assert_eq!(get(1), "ANN");
        assert_eq!(futures::executor::block_on(rename_later(1, "bob")), "BOB");
        assert_eq!(get(1), "BOB");
        rename(1, "somebody long").unwrap();
        assert_eq!(get(1), "somebody long", "what may not be kept takes what was there away");
    }
}

mod methods {
    use super::*;

    #[derive(Default)]
    struct Store {
        rows: HashMap<u64, String>,
        table: u8,
    }

    #[cache]
    impl Store {
        #[cache(key = (self.table, id))]
        fn text(&self, id: u64) -> String {
            self.rows.get(&id).cloned().unwrap_or_default()
        }

        #[cache]
        fn kinds(kind: u8) -> u8 {
            kind
        }

        #[invalidates(self.text(id), Self::kinds(self.table))]
        fn set(&mut self, id: u64, text: String) -> Option<String> {
            self.rows.insert(id, text)
        }

        #[updates(self.text(id))]
        async fn put(&mut self, id: u64, text: String) -> String {
            self.rows.insert(id, text.clone());
            text
        }

        #[invalidates(Store::text(..))]
        fn drop_all(&mut self) {
            self.rows.clear();
        }
    }

    #[test]
    fn writers_change_their_object() {
        let mut store = Store { table: 7, ..Store::default() };
        assert_eq!((store.text(1), Store::kinds(7)), (String::new(), 7));
        assert_eq!(store.set(1, "a".into()), None);
        assert_eq!(Store::kinds_entry(7).peek(), None);
        assert_eq!(store.text(1), "a");
        assert_eq!(futures::executor::block_on(store.put(1, "b".into())), "b");
        assert_eq!(store.text_entry(1).peek(), Some("b".into()));
        store.drop_all();
        assert_eq!(store.text(1), "");
    }
}

mod several {
    use super::*;

    static TABLE: Table = Table::new();

    #[cache]
    fn upper<T: ToString + Clone + Eq + std::hash::Hash + Send + Sync + 'static>(of: T) -> String {
        TABLE.get(1) + &of.to_string()
    }

    #[cache]
    fn whole(id: u64) -> String {
        TABLE.get(id)
    }

    #[invalidates(upper::<u8>(3), upper::<String>("x".to_owned()))]
    #[updates(whole(1))]
    fn write(text: &str) -> String {
        TABLE.set(1, text);
        text.into()
    }

    #[test]
    fn both_may_stand_on_one_writer() {
        assert_eq!((upper(3_u8), upper("x".to_owned()), whole(1)), ("3".into(), "x".into(), String::new()));
        write("a");
        assert_eq!(whole::entry(1).peek(), Some("a".into()));
        assert_eq!((upper(3_u8), upper("x".to_owned())), ("a3".into(), "ax".into()));
    }
}

#[test]
fn a_writer_that_panics_invalidates_nothing() {
    #[cache]
    fn read(id: u64) -> u64 {
        id
    }
    #[invalidates(read(id))]
    fn write(id: u64) {
        assert_ne!(id, 1, "planned");
    }
    read(1);
    read(2);
    std::panic::catch_unwind(|| write(1)).unwrap_err();
    write(2);
    assert_eq!((read::entry(1).contains(), read::entry(2).contains()), (true, false));
}
