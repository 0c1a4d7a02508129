//! What is put around the stores of a cache.

use ::cacher::backend::{
    Backend,
    archived::Archived,
    background::{Background, WhenFull},
    bytes::Bytes,
};

use super::prelude::*;
use crate::{
    gated::Gated,
    support::{block_on, ends, poll_once},
};

type Texts = Cache<String, String>;

#[test]
fn cch_49_writes_may_wait_and_are_found_at_once() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let store = Bytes::new();
    let open = || -> Texts {
        Cache::builder().name("cch_49").backend(store.clone()).write(Background::new()).build().unwrap()
    };
    let cache = open();
    assert!(cache.set("a", "1".to_owned()) && cache.set("a", "2".to_owned()));
    assert_eq!((store.len("cch_49").unwrap(), cache.get("a").as_deref()), (0, Some("2")));
    clock.advance(SECOND);
    assert_eq!(store.len("cch_49").unwrap(), 1);
    cache.set("b", "3".to_owned());
    assert!(cache.delete("a"));
    drop(cache);
    assert_eq!((store.len("cch_49").unwrap(), open().get_many(["a", "b"])), (1, vec![None, Some("3".to_owned())]));
}

/// A worker thread waits at the gate; a current-thread executor would never open it.
#[test]
fn an_executor_does_not_wait_until_all_is_written() {
    ends(|| {
        let store = Gated::default();
        let options = Background::new().interval(1000 * MINUTE).when_full(WhenFull::Block);
        let background = ::cacher::backend::background::Backgrounded::with(store.clone(), options);
        let cache: Texts = Cache::builder().name("flushed").backend(background.clone()).build().unwrap();
        cache.set("a", "1".to_owned());
        store.shut();
        let mut flushed = Box::pin(background.flush_async());
        assert!(poll_once(&mut flushed).is_pending());
        store.await_writer();
        assert_eq!(store.len(), 0);
        store.open();
        block_on(flushed).unwrap();
        assert_eq!((store.len(), background.waiting()), (1, 0));
        block_on(background.close_async()).unwrap();
        cache.set("b", "2".to_owned());
        assert_eq!((store.len(), background.waiting()), (2, 0));
    });
}

#[test]
fn cch_55_what_was_there_before_is_kept() {
    let store = Bytes::new();
    let open = || -> Texts {
        let cache = Cache::builder().name("cch_55").backend("memory://").backend(store.clone());
        cache.revisions(3).build().unwrap()
    };
    let cache = open();
    let kind = |error: ::cacher::Error| error.kind();
    assert_eq!(cache.revised("a").pin("stable").map_err(kind), Err(Kind::NotCached));
    cache.set("a", "v1".to_owned());
    cache.revised("a").pin("stable").unwrap();
    ["v2", "v3", "v4", "v5"].iter().for_each(|value| assert!(cache.set("a", (*value).to_owned())));
    drop(cache);
    let cache = open();
    let entry = cache.revised("a");
    assert_eq!([-1, -2, -3, -4].map(|number| entry.revision(number).unwrap_or_default()), ["v5", "v4", "v3", ""]);
    assert_eq!((entry.named("stable").as_deref(), cache.get("a").as_deref()), (Some("v1"), Some("v5")));
    let nonblocking = cache.nonblocking();
    assert_eq!(block_on(nonblocking.revised("a").revision(-2)).as_deref(), Some("v4"));
    assert!(cache.delete("a"));
    assert_eq!((entry.revisions().len(), entry.named("stable")), (0, None));
}

#[test]
fn cch_79_what_has_expired_is_moved_aside() {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let store = Bytes::new();
    let cache: Texts = Cache::builder().name("cch_79").backend(store.clone()).ttl(MINUTE).archive().build().unwrap();
    let archived = || {
        let mut count = 0;
        let visit = &mut |_| {
            count += 1;
            true
        };
        Archived::new(store.clone()).scan_archive("cch_79", visit).unwrap();
        count
    };
    cache.set("a", "v1".to_owned());
    cache.set("a", "v2".to_owned());
    assert_eq!(archived(), 0);
    clock.advance(10 * MINUTE);
    cache.set("a", "v3".to_owned());
    assert_eq!((archived(), cache.len(), cache.get("a").as_deref()), (1, 1, Some("v3")));
}

#[test]
fn what_is_said_of_stores_takes_one() {
    let stored = || Texts::builder().backend("null://");
    for (built, part) in [
        (Texts::builder().write(Background::new()).build(), "leave out `.write(..)`"),
        (Texts::builder().revisions(2).build(), "add one with `.backend(..)`"),
        (Texts::builder().archive().build(), "add one with `.backend(..)`"),
        (stored().revisions(0).build(), "at least 1"),
        (stored().revisions(2).archive().build(), "leave out `.archive()`"),
    ] {
        let error = built.unwrap_err();
        assert!(error.kind() == Kind::Invalid && error.to_string().contains(part), "{error}");
    }
    assert!(stored().write(Background::new()).revisions(1).build().is_ok());
}
