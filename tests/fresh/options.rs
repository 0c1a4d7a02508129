//! What callers say of their calls.

use std::{cell::Cell, future::poll_fn, pin::pin, sync::LazyLock, task::Poll, thread, time::Duration};

use cacher::{
    Cache, CallOptions, Scope, bypass, cache, invalidate_tag, only_if_cached, read_only, testing::ManualClock, with,
};
use futures::executor::block_on;

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
    support::poll_once,
    tags::alone,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_is_stored_lives_as_long_as_the_call_says() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "1m")]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    #[cache(ttl = "1m", none_ttl = "5s")]
    async fn later(key: u64) -> Option<u64> {
        let read = SOURCE.read().unwrap();
        (key > 0).then_some(read)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let short = CallOptions::new().ttl(10 * SECOND);
    let long = CallOptions::new().ttl(3600 * SECOND);
    assert_eq!((with(&short, || value(1)), with(&long, || value(2)), value(3)), (1, 2, 3));
    let first = block_on(with(&long, later(1)));
    assert_eq!((first, block_on(with(long, later(0)))), (Some(4), None));
    clock.advance(11 * SECOND);
    assert_eq!((value(2), value(3), value(1)), (2, 3, 6), "the first has ended, and lives as the function says now");
    assert_eq!((block_on(later(0)), SOURCE.reads()), (None, 7), "nothing lives no longer than the function says");
    clock.advance(51 * SECOND);
    assert_eq!((value(1), value(2), value(3), block_on(later(1))), (6, 2, 8, Some(4)));
    clock.advance(3600 * SECOND);
    assert_eq!((value(2), block_on(later(1))), (9, Some(10)));
}

#[test]
fn a_life_of_zero_is_not_stored_and_a_tier_bounds_it() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = "memory://?ttl=30s", ttl = "10s")]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let of = |ttl| CallOptions::new().ttl(ttl);
    assert_eq!((with(of(Duration::ZERO), || value(1)), value(1)), (1, 2));
    assert_eq!(with(of(60 * SECOND), || value(2)), 3);
    clock.advance(29 * SECOND);
    assert_eq!(value(2), 3);
    clock.advance(2 * SECOND);
    assert_eq!(value(2), 4);
}

#[test]
fn stores_keep_it_as_long_for_calls_that_say_the_same() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = STORE.clone(), ttl = "1m")]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let long = CallOptions::new().ttl(600 * SECOND);
    let short = CallOptions::new().ttl(10 * SECOND);
    assert_eq!((with(&long, || value(1)), with(&short, || value(2)), value(3)), (1, 2, 3));
    clock.advance(11 * SECOND);
    assert_eq!((value(1), value(2), with(&short, || value(3))), (1, 4, 3), "what is there lives as it was to");
    clock.advance(50 * SECOND);
    assert_eq!(
        (with(&long, || value(1)), value(1)),
        (1, 5),
        "others take nothing that is older than the function says"
    );
}

#[test]
fn an_entry_is_given_options_too() {
    let _alone = alone();
    #[cache(ttl = "1m")]
    fn value(key: u64) -> u64 {
        key
    }
    #[cache]
    async fn later(key: u64) -> u64 {
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let options = CallOptions::new().ttl(10 * SECOND).tags(["options:entry"]);
    assert!(value::entry(1).with(&options).insert(10) && value::entry(2).insert(20));
    assert!(block_on(later::entry(1).with(&options).insert(10)) && block_on(later::entry(2).insert(20)));
    assert_eq!((value::entry(1).peek(), value::entry(2).with(&options).peek()), (Some(10), None), "it has not the tag");
    clock.advance(11 * SECOND);
    assert_eq!((value(1), value(2), block_on(later(1)), block_on(later(2))), (1, 20, 1, 20));
    assert!(value::entry(3).with(&options).insert(30) && value::entry(3).expire_in(600 * SECOND));
    clock.advance(11 * SECOND);
    assert_eq!(value(3), 30);
    invalidate_tag("options:entry");
    assert_eq!(value(3), 3, "the tags stay when the life changes");
}

#[test]
fn tags_are_added_whether_the_function_has_some_or_not() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache]
    fn plain(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    #[cache(tags = ["options:own:{key}"])]
    async fn tagged(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let given = CallOptions::new().tags(["options:given"]);
    let call = || (with(&given, || plain(1)), block_on(with(&given, tagged(1))), plain(2));
    assert_eq!((call(), call()), ((1, 2, 3), (1, 2, 3)));
    invalidate_tag("options:given");
    assert_eq!((plain(1), block_on(tagged(1)), plain(2)), (4, 5, 3));
    assert_eq!((call(), call()), ((6, 7, 3), (6, 7, 3)), "what has not the tag is loaded anew");
    assert_eq!((plain(1), block_on(tagged(1))), (6, 7), "for all");
    invalidate_tag("options:own:1");
    assert_eq!(call(), (6, 8, 3));
    invalidate_tag("options:given");
    assert_eq!((plain(1), block_on(tagged(1))), (9, 10));
}

#[test]
fn stores_know_the_tags_and_memory_gets_them_from_there() {
    let _alone = alone();
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = ["memory://", STORE.clone()], capacity = 1)]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let given = CallOptions::new().tags(["options:stored"]);
    // Pushes out of memory what was there.
    let other = || value(1000);
    assert_eq!((with(&given, || value(1)), other()), (1, 2));
    assert_eq!((value(1), value(1), other()), (1, 1, 2), "from the store, and then from memory");
    invalidate_tag("options:stored");
    assert_eq!((value(1), other()), (3, 2), "the store has been told");
    assert_eq!((with(&given, || value(1)), with(&given, || value(1)), other()), (4, 4, 2));
    assert_eq!(value(1), 4, "into memory, from the store");
    invalidate_tag("options:stored");
    assert_eq!(value(1), 5, "memory knows the tag, though the call did not say it");
    assert_eq!(value::cache().stats().store_errors, 1, "said once: the function should say a tag");
}

#[test]
fn a_life_that_changes_leaves_the_tags_in_stores() {
    let _alone = alone();
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = STORE.clone())]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let given = CallOptions::new().tags(["options:changed"]);
    assert_eq!(with(&given, || value(1)), 1);
    assert!(value::entry(1).expire_in(600 * SECOND));
    assert_eq!((value(1), with(&given, || value(1))), (1, 1));
    invalidate_tag("options:changed");
    assert_eq!(value(1), 2);
    assert_eq!(value::cache().stats().store_errors, 1, "said once: the function should say a tag");
}

#[test]
fn who_gives_tags_takes_no_value_without_them_from_another() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ignore = [open])]
    async fn value(id: u64, open: &Cell<bool>) -> u64 {
        let read = SOURCE.read().unwrap();
        poll_fn(|_| if open.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        read
    }
    let given = CallOptions::new().tags(["options:followed"]);
    let open = Cell::new(false);
    let mut leads = pin!(value(1, &open));
    assert!(poll_once(&mut leads).is_pending());
    let mut follows = pin!(with(&given, value(1, &open)));
    assert!(poll_once(&mut follows).is_pending());
    assert_eq!(value::cache().blocking().stats().waits, 1);
    open.set(true);
    assert_eq!(poll_once(&mut leads), Poll::Ready(1));
    assert_eq!(poll_once(&mut follows), Poll::Ready(2), "a load of its own, with the tag");
    open.set(false);
    invalidate_tag("options:followed");
    let mut leads = pin!(with(&given, value(1, &open)));
    let mut follows = pin!(with(&given, value(1, &open)));
    let mut plain = pin!(value(1, &open));
    assert!(poll_once(&mut leads).is_pending());
    assert!(poll_once(&mut follows).is_pending() && poll_once(&mut plain).is_pending());
    open.set(true);
    assert_eq!(poll_once(&mut leads), Poll::Ready(3));
    assert_eq!((poll_once(&mut follows), poll_once(&mut plain)), (Poll::Ready(3), Poll::Ready(3)), "one load for all");
}

#[test]
fn an_error_of_before_is_none_for_who_gives_tags() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(error_ttl = "1h", error_if = |_| true)]
    fn value(id: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    SOURCE.is(State::Down);
    let given = CallOptions::new().tags(["options:error"]);
    let call = || with(&given, || value(1));
    assert_eq!((value(1), value(1), SOURCE.reads()), (Err(Failure::Down), Err(Failure::Down), 1));
    assert_eq!((call(), call(), SOURCE.reads()), (Err(Failure::Down), Err(Failure::Down), 2));
    SOURCE.is(State::Up);
    invalidate_tag("options:error");
    assert_eq!((value(1), call()), (Ok(3), Ok(4)));
}

#[test]
fn scopes_come_together() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "1m")]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    #[cache]
    fn outer(key: u64) -> u64 {
        value(key)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let long = CallOptions::new().ttl(3600 * SECOND).tags(["options:outer"]);
    let inner = CallOptions::new().tags(["options:inner"]);
    let young = CallOptions::new().max_age(10 * SECOND);
    assert_eq!(with(&long, || with(&inner, || value(1))), 1);
    assert_eq!((with(&long, || bypass(|| value(1))), bypass(|| with(&long, || value(1))), value(1)), (2, 3, 1));
    assert_eq!(with(&long, || (read_only(|| value(1)), only_if_cached(|| value(1)))), (1, 1), "from memory");
    let future = pin!(with(&long, async { value(2) }));
    assert_eq!((bypass(|| block_on(future)), value(2)), (4, 5), "what is in force where it is polled stays so");
    assert_eq!(with(&long, || outer(3)), 6);
    clock.advance(61 * SECOND);
    assert_eq!((value(1), value(3), with(&young, || value(1)), with(young, || value(1))), (1, 6, 7, 7));
    clock.advance(61 * SECOND);
    assert_eq!((with(&long, || value(1)), value(1)), (8, 8));
    invalidate_tag("options:inner");
    assert_eq!(value(1), 8, "that was another load");
    invalidate_tag("options:outer");
    assert_eq!((value(1), outer(3)), (9, 10), "calls of bodies have the tags as well");
}

#[test]
fn threads_are_given_what_is_carried_there() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let carried = with(CallOptions::new().tags(["options:carried"]), Scope::current);
    assert_eq!(thread::spawn(move || carried.enter(|| value(1))).join().unwrap(), 1);
    assert_eq!(value(1), 1);
    invalidate_tag("options:carried");
    assert_eq!(value(1), 2);
}

#[test]
fn loads_of_a_cache_without_a_function_are_given_options() {
    let _alone = alone();
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let cache: Cache<u64, u64> = Cache::builder().ttl(60 * SECOND).build().unwrap();
    let options = CallOptions::new().ttl(600 * SECOND).tags(["options:direct"]);
    let load = |value| cache.get_or_load(&1, || value);
    assert_eq!((with(&options, || load(1)), load(2)), (1, 1));
    clock.advance(61 * SECOND);
    assert_eq!((load(3), with(CallOptions::new().max_age(SECOND), || load(4))), (1, 4));
    assert_eq!((with(options, || load(5)), load(6)), (5, 5));
    invalidate_tag("options:direct");
    assert_eq!(cache.get(&1), None);
}

#[test]
fn tiers_are_left_out() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static LAST: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = ["memory://", STORE.clone(), LAST.clone()])]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let without = |place| CallOptions::new().skip_tier(place);
    assert_eq!(with(without(0), || value(1)), 1);
    assert_eq!((value::entry(1).info().map(|info| info.source.to_string() == "memory"), STORE.len()), (Some(false), 1));
    assert_eq!((with(without(1), || value(2)), STORE.len(), LAST.len()), (2, 1, 2));
    assert_eq!((with(without(2), || value(3)), STORE.len(), LAST.len()), (3, 2, 2));
    assert_eq!((with(without(7), || value(4)), STORE.len(), LAST.len()), (4, 3, 3), "there is none");
    let nowhere = CallOptions::new().skip_memory().skip_tier(1).skip_tier(2);
    assert!(!value::entry(5).with(&nowhere).insert(50) && value::entry(5).peek().is_none());
    assert_eq!((with(&nowhere, || value(4)), value(4)), (5, 4), "neither read nor written");
    STORE.empty();
    assert_eq!((with(without(0), || value(2)), STORE.len()), (2, 1), "from the last one into that before it");
    LAST.empty();
    assert_eq!((with(without(0), || value(4)), value(4), LAST.len()), (6, 4, 1), "memory is left as it was");
    assert!(value::entry(4).with(&nowhere).peek().is_none());
    value::entry(4).with(nowhere).invalidate();
    assert_eq!((value(4), LAST.len()), (7, 1), "invalidations concern all");
}

#[test]
fn memory_alone_is_the_first_tier() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache]
    fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let without = CallOptions::new().skip_tier(0);
    assert_eq!(
        (with(&without, || value(1)), value(1), value(1), with(without, || value(1)), value(1)),
        (1, 2, 2, 3, 2)
    );
}

#[test]
fn who_leaves_out_a_tier_loads_beside_others() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ignore = [open])]
    async fn value(id: u64, open: &Cell<bool>) -> u64 {
        let read = SOURCE.read().unwrap();
        poll_fn(|_| if open.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        read
    }
    let without = CallOptions::new().skip_memory();
    let open = Cell::new(false);
    let mut beside = pin!(with(without, value(1, &open)));
    let mut plain = pin!(value(1, &open));
    assert!(poll_once(&mut beside).is_pending() && poll_once(&mut plain).is_pending());
    open.set(true);
    assert_eq!((poll_once(&mut plain), poll_once(&mut beside)), (Poll::Ready(2), Poll::Ready(1)));
    assert_eq!(block_on(value(1, &open)), 2, "what was to be stored is");
}

#[test]
fn batches_are_given_options_too() {
    let _alone = alone();
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(batch = ids, ttl = "1m", backend = ["memory://", STORE.clone()])]
    fn values(ids: &[u64]) -> Vec<u64> {
        let read = SOURCE.read().unwrap();
        ids.iter().map(|id| id * 10 + read).collect()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let long = CallOptions::new().ttl(3600 * SECOND).tags(["options:batch"]);
    assert_eq!((values(&[1]), with(&long, || values(&[1, 2]))), (vec![11], vec![12, 22]));
    assert_eq!((with(&long, || values(&[1, 2])), values(&[1, 2])), (vec![12, 22], vec![12, 22]));
    assert_eq!(with(&long, || read_only(|| values(&[1, 2]))), [12, 22]);
    clock.advance(61 * SECOND);
    assert_eq!(values(&[1, 2]), [12, 22]);
    let young = CallOptions::new().max_age(SECOND);
    assert_eq!(with(young, || values(&[2])), [23]);
    assert_eq!(with(CallOptions::new().skip_memory().skip_tier(1), || values(&[1, 2])), [14, 24]);
    assert_eq!(values(&[1, 2]), [12, 23]);
    invalidate_tag("options:batch");
    assert_eq!(values(&[1, 2]), [15, 23]);
    assert_eq!(values::entries(&[1, 2]).with(&long).insert([100, 200]), 2);
    clock.advance(61 * SECOND);
    assert_eq!(values(&[1, 2]), [100, 200]);
    invalidate_tag("options:batch");
    assert_eq!(values(&[1, 2]), [16, 26]);
}

/// A name that is made by code of the user's, which may use the library itself.
struct Curious(&'static str);

impl AsRef<str> for Curious {
    fn as_ref(&self) -> &str {
        invalidate_tag("options::of_a_name");
        self.0
    }
}

#[test]
fn the_name_of_a_tag_may_be_made_by_what_invalidates_tags() {
    let _alone = alone();
    crate::support::ends(|| drop(CallOptions::new().tags([Curious("options::curious")])));
}
