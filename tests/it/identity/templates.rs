//! Key templates.

use std::{
    collections::BTreeSet,
    sync::{LazyLock, atomic::Ordering::SeqCst},
};

use cacher::cache;

use super::recorder::Recorder;
use crate::support::runs;

#[test]
fn parts_are_told_apart_by_their_values_and_not_by_their_text() {
    static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
    runs!(RUNS);
    #[cache(backend = STORE.clone(), key = "{a}:{b}")]
    fn value(a: &str, b: &str) -> String {
        RUNS.fetch_add(1, SeqCst);
        format!("{a}/{b}")
    }
    for _ in 0..2 {
        assert_eq!(value("1:2", "3"), "1:2/3");
        assert_eq!(value("1", "2:3"), "1/2:3");
    }
    assert_eq!((RUNS.load(SeqCst), STORE.names().len()), (2, 2));
    assert_eq!(value::entry("1", "2:3").peek().as_deref(), Some("1/2:3"));
}

#[test]
fn the_text_is_a_part_of_the_stored_key() {
    macro_rules! name {
        ($key:tt, $n:ident, $m:ident) => {{
            static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
            #[cache(backend = STORE.clone(), key = $key)]
            fn value($n: u64, $m: u64) -> u64 {
                $n + $m
            }
            assert_eq!(value(1, 2), 3);
            STORE.names()
        }};
    }
    let names = [
        name!((n, m), n, m),
        name!("{n}{m}", n, m),
        name!("{n}:{m}", n, m),
        name!("{n}:{m}:", n, m),
        name!(":{n}{m}", n, m),
        name!("{{{n}{m}", n, m),
    ];
    // Kept in stores, so it must not change.
    assert_eq!(names[2], ["87c816f757b341ec94e4852e3a4d8f30ff2350e1e55e6a7af722b9dfee8d2146"]);
    let different: BTreeSet<_> = names.iter().flatten().collect();
    assert_eq!(different.len(), names.len());
    assert_eq!(name!("{n}:{m}", n, m), names[2]);
}

struct User {
    id: u64,
    name: &'static str,
}

struct Shop {
    base: &'static str,
}

impl Shop {
    #[cache(key = "{self.base}/{user.id}/{pages.len()}", ignore = [log])]
    pub(crate) fn order(&self, user: &User, pages: &[u8], log: &mut Vec<&'static str>) -> String {
        log.push(user.name);
        format!("{}{}{}", self.base, user.name, pages.len())
    }
}

#[test]
fn braces_hold_parts_of_arguments() {
    let mut log = Vec::new();
    let (shop, ada, bob) = (Shop { base: "a" }, User { id: 1, name: "ada" }, User { id: 1, name: "bob" });
    assert_eq!(shop.order(&ada, &[1, 2], &mut log), "aada2");
    assert_eq!(shop.order(&bob, &[3, 4], &mut log), "aada2", "the same id and as many pages");
    assert_eq!(Shop { base: "b" }.order(&bob, &[3, 4], &mut log), "bbob2");
    assert_eq!(log, ["ada", "bob"]);
    assert!(shop.order_entry(&ada, &[0, 0]).contains());
}
