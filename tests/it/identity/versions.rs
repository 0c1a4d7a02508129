//! Versions: entries apart, and back again.

use std::sync::LazyLock;

use cacher::{Removal, cache};

use super::recorder::Recorder;

static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);

/// The version by code of a function without arguments, as its store sees it.
fn version_of(store: &Recorder) -> String {
    let namespaces = store.namespaces();
    assert_eq!(namespaces.len(), 1, "{namespaces:?}");
    namespaces[0].split_once('@').unwrap().1.to_owned()
}

/// Declares functions that differ in their bodies, and gives the version of each.
macro_rules! codes {
    ($(($($attribute:tt)*) $item:item)*) => {
        [$({
            static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
            #[cache(backend = STORE.clone(), version = code, $($attribute)*)]
            $item
            value();
            version_of(&STORE)
        }),*]
    };
}

#[test]
fn versions_of_one_name_live_side_by_side() {
    #[cache(backend = STORE.clone(), name = "sides", version = "v1")]
    fn old(n: u64) -> String {
        format!("old {n}")
    }
    #[cache(backend = STORE.clone(), name = "sides", version = "v2")]
    fn new(n: u64) -> String {
        format!("new {n}")
    }
    #[cache(backend = STORE.clone(), name = "sides")]
    fn none(n: u64) -> String {
        format!("none {n}")
    }
    assert_eq!((old(1), new(1), none(1)), ("old 1".into(), "new 1".into(), "none 1".into()));
    assert_eq!(STORE.namespaces(), ["sides", "sides@v1", "sides@v2"]);
    assert_eq!((old(1), new(1), none(1)), ("old 1".into(), "new 1".into(), "none 1".into()));
    assert_eq!(old::cache().stats().store_errors + new::cache().stats().store_errors, 0);
    assert_eq!(old::cache().clear(), Removal::Removed);
    assert_eq!(STORE.namespaces(), ["sides", "sides@v2"]);
    assert_eq!(new::entry(1).peek().as_deref(), Some("new 1"));
}

#[test]
fn a_version_keeps_type_parameters_apart() {
    static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
    #[cache(backend = STORE.clone(), name = "sizes", version = "v1")]
    fn size<T: 'static>() -> usize {
        size_of::<T>()
    }
    assert_eq!((size::<u8>(), size::<u16>()), (1, 2));
    assert_eq!(STORE.namespaces(), ["sizes<u16>@v1", "sizes<u8>@v1"]);
}

#[test]
fn the_hash_of_a_function_is_pinned() {
    static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
    #[cache(backend = STORE.clone(), version = code)]
    fn value(n: u64, text: &str) -> Result<String, std::fmt::Error> {
        let doubled = n.checked_mul(2).ok_or(std::fmt::Error)?;
        Ok(format!("{doubled:>4} {text} {:?}", 'x'))
    }
    value(1, "a").unwrap();
    assert_eq!(
        STORE.namespaces(),
        ["it::identity::versions::the_hash_of_a_function_is_pinned::value@code-80a766e5e7e2ea9c5e15"]
    );
}

#[test]
fn what_means_the_same_is_the_same_code() {
    #[rustfmt::skip]
    let all = codes! {
        () fn value() -> i32 { 1 + -1 }
        () fn value()->i32{1+-1}
        () fn value() -> i32 { /* one */ 1 + -1 } // minus one
        (ttl = "1h") /// With docs.
        #[inline] fn value() -> i32 { #![allow(unused)] 1 + -1 }
    };
    assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
}

#[test]
fn what_is_changed_is_other_code() {
    let all = codes! {
        () fn value() -> i32 { 1 }
        () fn value() -> i32 { 2 }
        () fn value() -> i32 { 1i32 }
        () fn value() -> i64 { 1 }
        () fn value() -> i64 { macro_rules! one { () => { 1 } } one!() }
        () fn value() -> i64 { macro_rules! one { () => { 2 } } one!() }
    };
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{at}: {all:?}");
    }
}

mod parsing {
    use cacher::cache;

    #[cache]
    pub(super) fn parse(text: &str) -> usize {
        text.len()
    }
}

struct Client;

#[cache]
impl Client {
    #[cache]
    fn get(n: u64) -> u64 {
        n
    }

    #[cache(version = code, depends = [Self::get, Client::get, even])]
    fn twice(n: u64) -> u64 {
        Self::get(n) + even(n)
    }
}

#[cache(version = code, depends = [odd])]
fn even(n: u64) -> u64 {
    if n == 0 { 1 } else { odd(n - 1) }
}

#[cache(version = code, depends = [even])]
fn odd(n: u64) -> u64 {
    if n == 0 { 0 } else { even(n - 1) }
}

trait Shop {
    fn price(&self) -> u64;
}

#[cache(companions = ClientShop)]
impl Shop for Client {
    #[cache(ignore = [self])]
    fn price(&self) -> u64 {
        3
    }
}

#[test]
fn the_code_of_others_counts() {
    #[cache]
    fn local() -> u64 {
        1
    }
    let all = codes! {
        () fn value() -> u64 { 1 }
        (depends = [parsing::parse]) fn value() -> u64 { 1 }
        (depends = [local]) fn value() -> u64 { 1 }
        (depends = [Client::get]) fn value() -> u64 { 1 }
        (depends = [ClientShop::price]) fn value() -> u64 { 1 }
        (depends = [local, Client::get]) fn value() -> u64 { 1 }
        (depends = [even]) fn value() -> u64 { 1 }
        (depends = [value]) fn value() -> u64 { 1 }
        (depends = [crate::identity::versions::odd, r#local]) fn value() -> u64 { 1 }
    };
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{at}: {all:?}");
    }
    let [odds, evens] = codes! {
        (depends = [odd]) fn value() -> u64 { 1 }
        (depends = [even]) fn value() -> u64 { 1 }
    };
    assert_eq!(odds, evens, "each depends on the other");
    assert_eq!((even(4), Client::twice(1), Client.price(), local(), parsing::parse("a")), (1, 1, 3, 1, 1));
}
