//! Scopes: how the cached calls inside a closure or a future are answered.

use std::{sync::atomic::Ordering::SeqCst, thread};

use cacher::{Error, Kind, Scope, bypass, cache, only_if_cached, read_only, refresh};

use crate::support::{block_on, panics, poll_once, runs};

/// Two functions, one of which calls the other, and how often their bodies ran: `(outer, inner)`.
macro_rules! nested {
    () => {
        runs!(OUTER, INNER);
        #[cache]
        fn outer(key: u64) -> (u64, u64) {
            (OUTER.fetch_add(1, SeqCst) + 1, inner(key))
        }
        #[cache]
        fn inner(_key: u64) -> u64 {
            INNER.fetch_add(1, SeqCst) + 1
        }
    };
}

/// The same, async.
macro_rules! nested_async {
    () => {
        runs!(OUTER, INNER);
        #[cache]
        async fn outer(key: u64) -> (u64, u64) {
            // What is in force must be so after each pause.
            tokio::task::yield_now().await;
            let inner = inner(key).await;
            (OUTER.fetch_add(1, SeqCst) + 1, inner)
        }
        #[cache]
        async fn inner(_key: u64) -> u64 {
            tokio::task::yield_now().await;
            INNER.fetch_add(1, SeqCst) + 1
        }
    };
}

// Sync.

#[test]
fn bypass_reads_and_stores_nothing() {
    nested!();
    assert_eq!(bypass(|| outer(1)), (1, 1));
    assert_eq!((outer::entry(1).peek(), inner::entry(1).peek()), (None, None));
    assert_eq!((outer(1), outer(1)), ((2, 2), (2, 2)));
    assert_eq!(bypass(|| outer(1)), (3, 3));
    assert_eq!((outer(1), inner(1)), ((2, 2), 2));
    let stats = outer::cache().stats();
    assert_eq!((stats.hits, stats.entries), (2, 1));
}

#[test]
fn refresh_runs_and_stores() {
    nested!();
    outer(1);
    assert_eq!(refresh(|| outer(1)), (2, 2));
    assert_eq!((outer(1), inner(1)), ((2, 2), 2));
    assert_eq!(refresh(|| (outer(2), outer(2))), ((3, 3), (4, 4)));
    assert_eq!(outer::entry(2).peek(), Some((4, 4)));
}

#[test]
fn read_only_stores_nothing() {
    nested!();
    assert_eq!(read_only(|| outer(1)), (1, 1));
    assert_eq!((outer::entry(1).peek(), inner::entry(1).peek()), (None, None));
    assert_eq!(inner(1), 2);
    assert_eq!(read_only(|| (outer(1), inner(1))), ((2, 2), 2));
    assert_eq!(outer::entry(1).peek(), None);
    assert_eq!((outer(1), read_only(|| outer(1))), ((3, 2), (3, 2)));
}

#[derive(Debug, PartialEq)]
enum AppError {
    NotCached,
    Other,
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        if error.kind() == Kind::NotCached { Self::NotCached } else { Self::Other }
    }
}

#[test]
fn only_if_cached_runs_no_body() {
    runs!(RUNS);
    #[cache]
    fn converted(key: u64) -> Result<u64, AppError> {
        RUNS.fetch_add(1, SeqCst);
        if key == 0 { Err(AppError::Other) } else { Ok(key) }
    }
    #[cache]
    fn itself(key: u64) -> Result<u64, Error> {
        RUNS.fetch_add(1, SeqCst);
        Ok(key)
    }
    #[cache]
    fn boxed(key: u64) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
        RUNS.fetch_add(1, SeqCst);
        Ok(key)
    }
    assert_eq!(only_if_cached(|| converted(1)), Err(AppError::NotCached));
    let error = only_if_cached(|| itself(1)).unwrap_err();
    assert_eq!(error.kind(), Kind::NotCached);
    assert!(error.to_string().contains("itself"), "{error}");
    let error = only_if_cached(|| boxed(1)).unwrap_err();
    assert!(error.to_string().contains("boxed"), "{error}");
    assert_eq!(RUNS.load(SeqCst), 0);
    converted(1).unwrap();
    itself(1).unwrap();
    boxed(1).unwrap();
    assert_eq!(only_if_cached(|| converted(1)), Ok(1));
    assert_eq!(only_if_cached(|| itself(1)).unwrap(), 1);
    assert_eq!(only_if_cached(|| boxed(1)).unwrap(), 1);
    assert_eq!(RUNS.load(SeqCst), 3);
    assert_eq!(converted::cache().stats().loads, 1);
}

#[test]
fn only_if_cached_panics_where_there_is_no_way_to_say_it() {
    #[cache]
    fn plain(key: u64) -> u64 {
        key
    }
    #[cache]
    fn other_error(key: u64) -> Result<u64, std::fmt::Error> {
        Ok(key)
    }
    let said = panics(|| only_if_cached(|| plain(1)));
    assert!(
        said.contains("only_if_cached") && said.contains("plain") && said.contains("From<cacher::Error>"),
        "{said}"
    );
    let said = panics(|| only_if_cached(|| other_error(1)));
    assert!(said.contains("other_error"), "{said}");
    // The panic left neither the scope nor a load behind.
    assert_eq!((plain(1), other_error(1)), (1, Ok(1)));
    assert_eq!(only_if_cached(|| (plain(1), other_error(1))), (1, Ok(1)));
}

#[test]
fn only_if_cached_does_not_wait() {
    #[cache]
    fn load(key: u64) -> Result<u64, AppError> {
        // Within the load of the same key.
        assert_eq!(only_if_cached(|| load(key)), Err(AppError::NotCached));
        Ok(key)
    }
    assert_eq!(load(1), Ok(1));
    assert_eq!(load::cache().stats().waits, 0);
}

#[test]
fn scopes_nest() {
    nested!();
    outer(1);
    refresh(|| {
        assert_eq!(read_only(|| outer(1)), (1, 1));
        assert_eq!(outer(1), (2, 2));
        assert_eq!(only_if_cached(|| outer(1)), (2, 2));
        assert_eq!(outer(1), (3, 3));
    });
    assert_eq!(outer(1), (3, 3));
}

#[test]
fn a_panic_in_a_scope_restores_what_was_in_force() {
    nested!();
    outer(1);
    refresh(|| {
        assert_eq!(panics(|| bypass(|| panic!("inside"))), "inside");
        assert_eq!(outer(1), (2, 2));
        assert_eq!(outer::entry(1).peek(), Some((2, 2)), "refresh is in force again");
    });
    assert_eq!(panics(|| refresh(|| panic!("inside"))), "inside");
    assert_eq!(outer(1), (2, 2));
}

#[test]
fn entries_act_in_any_scope() {
    nested!();
    bypass(|| {
        assert!(inner::entry(1).insert(7));
        assert_eq!(inner::entry(1).peek(), Some(7));
        assert_eq!(inner(1), 1);
    });
    assert_eq!((inner(1), outer(1)), (7, (1, 7)));
}

// Threads.

#[test]
fn a_thread_does_not_inherit_the_scope() {
    nested!();
    outer(1);
    let inherited = refresh(|| thread::spawn(|| outer(1)).join().unwrap());
    assert_eq!(inherited, (1, 1));
    let carried = refresh(|| {
        let scope = Scope::current();
        thread::spawn(move || (scope.enter(|| outer(1)), outer(1))).join().unwrap()
    });
    assert_eq!(carried, ((2, 2), (2, 2)));
    assert_eq!(refresh(Scope::current), refresh(Scope::current));
    assert_ne!(refresh(Scope::current), Scope::current());
    // Entering the ordinary scope suspends the one in force.
    let ordinary = Scope::current();
    assert_eq!(refresh(|| ordinary.enter(|| outer(1))), (2, 2));
}

// Async.

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(future)
}

#[test]
fn scopes_hold_for_each_poll_of_a_future() {
    nested_async!();
    run(async {
        assert_eq!(bypass(outer(1)).await, (1, 1));
        assert_eq!((outer::entry(1).peek().await, inner::entry(1).peek().await), (None, None));
        assert_eq!((outer(1).await, outer(1).await), ((2, 2), (2, 2)));
        assert_eq!(bypass(outer(1)).await, (3, 3));
        assert_eq!((outer(1).await, inner(1).await), ((2, 2), 2));

        assert_eq!(refresh(outer(1)).await, (4, 4));
        assert_eq!((outer(1).await, inner(1).await), ((4, 4), 4));

        assert_eq!(read_only(outer(2)).await, (5, 5));
        assert_eq!(outer::entry(2).peek().await, None);
        assert_eq!(read_only(outer(1)).await, (4, 4));

        assert_eq!(only_if_cached(outer(1)).await, (4, 4));
        let blocks = refresh(async { (outer(1).await, outer(1).await) });
        assert_eq!(blocks.await, ((6, 6), (7, 7)));
    });
}

#[test]
fn a_scope_holds_only_while_its_future_is_polled() {
    nested_async!();
    block_on(outer(1));
    let mut refreshing = Box::pin(refresh(outer(1)));
    assert!(poll_once(&mut refreshing).is_pending());
    // In between nothing is in force here.
    assert_eq!(block_on(outer(1)), (1, 1));
    assert_eq!(block_on(refreshing), (2, 2));
    // Neither after one that was dropped.
    let mut dropped = Box::pin(bypass(outer(1)));
    assert!(poll_once(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(block_on(outer(1)), (2, 2));
}

#[test]
fn a_call_made_before_the_scope_is_in_it() {
    nested_async!();
    block_on(outer(1));
    // The call is not polled, so it has not looked anywhere yet.
    let call = outer(1);
    assert_eq!(block_on(refresh(call)), (2, 2));
}

#[test]
fn joined_futures_have_their_own_scopes() {
    nested_async!();
    run(async {
        outer(1).await;
        let (plain, refreshed, bypassed) = tokio::join!(outer(1), refresh(outer(1)), bypass(outer(1)));
        assert_eq!(plain, (1, 1));
        assert_ne!(refreshed.0, 1);
        assert_ne!(bypassed.0, 1);
        assert_eq!(outer(1).await.0, refreshed.0);
    });
}

#[test]
fn a_task_does_not_inherit_the_scope() {
    nested_async!();
    run(async {
        outer(1).await;
        let inherited = refresh(async { tokio::spawn(outer(1)).await.unwrap() });
        assert_eq!(inherited.await, (1, 1));
        let carried = refresh(async { tokio::spawn(Scope::current().wrap(outer(1))).await.unwrap() });
        assert_eq!(carried.await, (2, 2));
    });
}

#[test]
fn only_if_cached_in_a_future() {
    runs!(RUNS);
    #[cache]
    async fn load(key: u64) -> Result<u64, AppError> {
        RUNS.fetch_add(1, SeqCst);
        Ok(key)
    }
    #[cache]
    async fn plain(key: u64) -> u64 {
        key
    }
    run(async {
        assert_eq!(only_if_cached(load(1)).await, Err(AppError::NotCached));
        assert_eq!(load(1).await, Ok(1));
        assert_eq!(only_if_cached(load(1)).await, Ok(1));
    });
    assert_eq!(RUNS.load(SeqCst), 1);
    assert!(panics(|| block_on(only_if_cached(plain(1)))).contains("plain"));
    assert_eq!(block_on(plain(1)), 1);
}

#[test]
fn a_panic_in_a_future_restores_what_was_in_force() {
    nested_async!();
    block_on(outer(1));
    assert_eq!(panics(|| block_on(bypass(async { panic!("inside") }))), "inside");
    assert_eq!(block_on(outer(1)), (1, 1));
}

// Companions: for their own call alone.

#[test]
fn companions_do_not_reach_into_the_body() {
    nested!();
    outer(1);
    assert_eq!(outer::refresh(1), (2, 1));
    assert_eq!(outer::uncached(1), (3, 1));
    assert_eq!((outer(1), inner(1)), ((2, 1), 1));
    inner::entry(1).invalidate();
    assert_eq!(outer::uncached(1), (4, 2));
    assert_eq!(inner::entry(1).peek(), Some(2), "the nested call is an ordinary one");
}

#[test]
fn companions_of_async_functions_do_not_reach_into_the_body() {
    nested_async!();
    run(async {
        outer(1).await;
        assert_eq!(outer::refresh(1).await, (2, 1));
        assert_eq!(outer::uncached(1).await, (3, 1));
        assert_eq!((outer(1).await, inner(1).await), ((2, 1), 1));
        // Not polled to its end, or not at all.
        let mut dropped = Box::pin(outer::refresh(1));
        let _ = poll_once(&mut dropped);
        drop((dropped, outer::uncached(1)));
        assert_eq!((inner(1).await, outer(1).await), (1, (2, 1)));
    });
}

#[test]
fn companions_do_not_reach_into_expressions_of_the_attribute() {
    runs!(NORMALISED, LOADED);
    #[cache]
    fn normalise(name: &str) -> String {
        NORMALISED.fetch_add(1, SeqCst);
        name.to_lowercase()
    }
    #[cache(key = (normalise(name)), ttl = std::time::Duration::from_secs(normalise(name).len() as u64 + 100))]
    fn load(name: &str) -> u64 {
        LOADED.fetch_add(1, SeqCst) + 1
    }
    assert_eq!((load("A"), load("a"), load("A")), (1, 1, 1));
    assert_eq!(load::refresh("A"), 2);
    assert_eq!(load("A"), 2);
    assert_eq!(load::uncached("A"), 3);
    assert_eq!(load("a"), 2);
    assert_eq!(NORMALISED.load(SeqCst), 2, "that of A and of a");
}

#[test]
fn companions_do_not_reach_into_expressions_of_an_async_attribute() {
    runs!(NORMALISED, LOADED);
    #[cache]
    fn normalise(name: &str) -> String {
        NORMALISED.fetch_add(1, SeqCst);
        name.to_lowercase()
    }
    #[cache(key = (normalise(name)))]
    async fn load(name: &str) -> u64 {
        LOADED.fetch_add(1, SeqCst) + 1
    }
    assert_eq!((block_on(load("A")), block_on(load("a"))), (1, 1));
    assert_eq!((block_on(load::refresh("A")), block_on(load("A"))), (2, 2));
    assert_eq!((block_on(load::uncached("A")), block_on(load("a"))), (3, 2));
    assert_eq!(NORMALISED.load(SeqCst), 2, "that of A and of a");
}

#[test]
fn companions_do_not_reach_into_code_of_the_key() {
    #[derive(Clone, PartialEq, Eq)]
    struct Key(u64);
    impl std::hash::Hash for Key {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            state.write_u64(inner(self.0));
        }
    }
    runs!(INNER, OUTER);
    #[cache]
    fn inner(key: u64) -> u64 {
        INNER.fetch_add(1, SeqCst);
        key
    }
    #[cache]
    fn outer(_key: &Key) -> u64 {
        OUTER.fetch_add(1, SeqCst) + 1
    }
    assert_eq!((outer(&Key(1)), outer::refresh(&Key(1)), outer(&Key(1)), outer::uncached(&Key(1))), (1, 2, 2, 3));
    assert_eq!(INNER.load(SeqCst), 1);
}

#[test]
fn a_bypass_holds_for_companions() {
    nested!();
    outer(1);
    assert_eq!(bypass(|| outer::refresh(1)), (2, 2));
    assert_eq!((outer(1), inner(1)), ((1, 1), 1));
}

#[test]
fn a_companion_in_a_scope_leaves_the_body_in_it() {
    nested!();
    outer(1);
    assert_eq!(refresh(|| outer::uncached(1)), (2, 2));
    assert_eq!((outer(1), inner(1)), ((1, 1), 2));
}

#[test]
fn a_panic_in_a_companion_restores_what_was_in_force() {
    #[cache]
    fn load(key: u64) -> u64 {
        assert!(key > 0, "not zero");
        key
    }
    assert_eq!((panics(|| load::refresh(0)), panics(|| load::uncached(0))), ("not zero".into(), "not zero".into()));
    load(1);
    load(1);
    assert_eq!(load::cache().stats().hits, 1);
}
