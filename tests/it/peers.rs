//! What other crates of this kind get wrong.

use std::{
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use cacher::{Removal, backend::file::Files, cache, testing::TempDir};
use serde::{Deserialize, Serialize};

use crate::{
    cases::{on_every_backend, on_files},
    support::panics,
};

/// One name in two modules of one directory.
mod one {
    #[cacher::cache(backend = super::shared())]
    pub(super) fn load(n: u64) -> String {
        format!("one {n}")
    }
}

mod two {
    #[cacher::cache(backend = super::shared())]
    pub(super) fn load(n: u64) -> String {
        format!("two {n}")
    }
}

static SHARED: OnceLock<PathBuf> = OnceLock::new();

fn shared() -> Files {
    Files::new(SHARED.get().unwrap())
}

#[test]
fn functions_of_one_name_in_two_modules_share_a_directory() {
    let dir = TempDir::new();
    SHARED.set(dir.path().to_owned()).unwrap();
    for _ in 0..2 {
        assert_eq!((one::load(1), two::load(1)), ("one 1".into(), "two 1".into()));
    }
    assert_eq!((one::load::cache().stats().hits, two::load::cache().stats().hits), (1, 1));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    assert_eq!(one::load::entry(1).invalidate(), Removal::Removed);
    assert_eq!(two::load::entry(1).peek().as_deref(), Some("two 1"));
    assert_eq!(one::load(1), "one 1");
    two::load::cache().clear();
    assert_eq!((one::load::entry(1).peek().as_deref(), two::load::entry(1).peek()), (Some("one 1"), None));
}

#[test]
fn two_instances_with_different_state_share_a_directory() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    struct Client {
        base: &'static str,
        token: &'static str,
    }
    impl Client {
        #[cache(backend = Files::new(DIR.get().unwrap()), key = (self.base, path))]
        pub(crate) fn page(&self, path: &str) -> String {
            format!("{}{path} by {}", self.base, self.token)
        }
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    let (a, b, again) =
        (Client { base: "a", token: "1" }, Client { base: "b", token: "2" }, Client { base: "a", token: "3" });
    assert_eq!(
        (a.page("/x"), b.page("/x"), again.page("/x")),
        ("a/x by 1".into(), "b/x by 2".into(), "a/x by 1".into())
    );
    assert_eq!(a.page_entry("/x").invalidate(), Removal::Removed);
    assert_eq!((a.page_entry("/x").peek(), b.page_entry("/x").peek().as_deref()), (None, Some("b/x by 2")));
}

on_every_backend! {
    fibonacci:
    #[cache()]
    fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
    {
        assert_eq!((fib(40), RUNS.load(SeqCst)), (102_334_155, 41));
        assert_eq!(fib::cache().stats().lone_loads, 0);
    }
}

on_every_backend! {
    async_fibonacci:
    #[cache()]
    async fn fib(n: u64) -> u64 {
        if n < 2 { n } else { Box::pin(fib(n - 1)).await + Box::pin(fib(n - 2)).await }
    }
    {
        assert_eq!((fib(40).await, RUNS.load(SeqCst)), (102_334_155, 41));
        assert_eq!(fib::cache().stats().lone_loads, 0);
    }
}

on_every_backend! {
    a_panic_in_a_body:
    #[cache()]
    fn load(n: u64) -> u64 {
        assert!(RUNS.load(SeqCst) > 1, "the first time");
        n
    }
    {
        assert_eq!(panics(|| load(3)), "the first time");
        assert_eq!((load::cache().len(), load::cache().stats().load_failures), (0, 1));
        assert_eq!((load(3), load(3), RUNS.load(SeqCst)), (3, 3, 2));
    }
}

on_every_backend! {
    a_panic_in_an_async_body:
    #[cache()]
    async fn load(n: u64) -> u64 {
        tokio::task::yield_now().await;
        assert!(RUNS.load(SeqCst) > 1, "the first time");
        n
    }
    {
        assert!(tokio::spawn(load(3)).await.unwrap_err().is_panic());
        assert_eq!((load::cache().len().await, load::cache().stats().load_failures), (0, 1));
        assert_eq!((load(3).await, load(3).await, RUNS.load(SeqCst)), (3, 3, 2));
    }
}

static FRAGILE: AtomicBool = AtomicBool::new(false);

/// A value whose `Clone` panics while a switch is on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fragile(u64);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(!FRAGILE.load(SeqCst), "in clone");
        Self(self.0)
    }
}

#[test]
fn a_panic_in_the_clone_of_a_stored_value() {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = ["memory://", Files::new(DIR.get().unwrap())])]
    fn load(n: u64) -> Fragile {
        Fragile(n)
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    FRAGILE.store(true, SeqCst);
    assert_eq!(panics(|| load(3)), "in clone");
    FRAGILE.store(false, SeqCst);
    assert_eq!(load(3), Fragile(3));
    FRAGILE.store(true, SeqCst);
    assert_eq!(panics(|| load(3)), "in clone");
    FRAGILE.store(false, SeqCst);
    assert_eq!((load(3), load::entry(3).invalidate(), load(3)), (Fragile(3), Removal::Removed, Fragile(3)));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| load::cache().clear())).is_ok());
}

on_every_backend! {
    thirteen_arguments:
    #[cache()]
    #[expect(clippy::too_many_arguments, clippy::many_single_char_names)]
    fn join(a: u8, b: &str, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: Option<u8>, m: &[u8]) -> String {
        format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l:?}{m:?}")
    }
    {
        let call = |last: &[u8]| join(1, "b", 3, 4, 5, 6, 7, 8, 9, 10, 11, None, last);
        assert_eq!(call(&[13]), call(&[13]));
        assert_ne!(call(&[13]), call(&[14]));
        assert_eq!(RUNS.load(SeqCst), 2);
        assert!(join::entry(1, "b", 3, 4, 5, 6, 7, 8, 9, 10, 11, None, &[14]).contains());
    }
}

on_every_backend! {
    arguments_named_as_the_expansion_might_name_things:
    #[cache(ignore = [leader], ttl = std::time::Duration::from_secs(*ttl))]
    #[expect(clippy::too_many_arguments)]
    fn sum(key: u64, cache: u64, result: u64, site: u64, value: u64, ttl: u64, parts: u64, leader: u64) -> u64 {
        key + cache + result + site + value + ttl + parts + leader
    }
    {
        assert_eq!((sum(1, 2, 3, 4, 5, 6, 7, 8), sum(1, 2, 3, 4, 5, 6, 7, 9)), (36, 36));
        assert_eq!(sum(2, 1, 3, 4, 5, 6, 7, 8), 36);
        assert_eq!(RUNS.load(SeqCst), 2);
        assert_eq!(sum::entry(1, 2, 3, 4, 5, 6, 7).peek(), Some(36));
    }
}

on_every_backend! {
    an_invalidation_during_a_load:
    #[cache()]
    fn load(key: &str) -> u64 {
        let (run, key) = (RUNS.load(SeqCst), key.to_owned());
        if run == 1 {
            // Its caller waits for nothing: the value of this load must not stay.
            thread::spawn(move || load::entry(&key).invalidate()).join().unwrap();
        }
        run
    }
    {
        assert_eq!(load("a"), 1);
        assert_eq!((load::entry("a").peek(), load::cache().len()), (None, 0));
        assert_eq!((load("a"), load("a")), (2, 2));
    }
}

on_every_backend! {
    an_invalidation_during_an_async_load:
    #[cache()]
    async fn load(key: &str) -> u64 {
        let run = RUNS.load(SeqCst);
        if run == 1 {
            load::entry(key).invalidate().await;
        }
        run
    }
    {
        assert_eq!(load("a").await, 1);
        assert_eq!((load::entry("a").peek().await, load::cache().len().await), (None, 0));
        assert_eq!((load("a").await, load("a").await), (2, 2));
    }
}

on_files! {
    a_clear_during_a_load:
    #[cache()]
    fn load(key: &str) -> u64 {
        let (run, length) = (RUNS.load(SeqCst), key.len());
        if run == 1 {
            thread::spawn(|| load::cache().clear()).join().unwrap();
        }
        run + length as u64
    }
    {
        assert_eq!(load("a"), 2);
        assert_eq!((load::entry("a").peek(), load::cache().len()), (None, 0));
        assert_eq!((load("a"), load("a")), (3, 3));
    }
}
