//! What is said of calls before they are made.

use std::{sync::LazyLock, time::Duration};

use cacher::{Outlook, cache, testing::ManualClock};

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_would_become_of_a_call() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", refresh_at = 0.5, stale_if_error = "20s")]
    fn value(key: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let told = || {
        let explained = value::entry(1).explain();
        (explained.outlook, explained.to_string().split_once(": ").unwrap().1.to_owned())
    };
    assert_eq!(told(), (Outlook::Absent, "not cached, the body would run".into()));
    value(1).unwrap();
    clock.advance(SECOND);
    assert_eq!(told(), (Outlook::Hit, "a hit from memory, 1s old, fresh for 9s".into()));
    clock.advance(5 * SECOND);
    assert_eq!(told(), (Outlook::Due, "a hit from memory, 6s old, fresh for 4s, to be loaded anew".into()));
    clock.advance(5 * SECOND);
    let text = "past its time, the body would run; what is in memory, 11s old, stands in if it fails";
    assert_eq!(told(), (Outlook::Stale, text.into()));
    assert_eq!((SOURCE.reads(), value::cache().stats().misses), (1, 1), "nothing was done");
    SOURCE.is(State::Down);
    assert_eq!(value(1), Ok(1), "as was said");
    clock.advance(20 * SECOND);
    assert_eq!(told().0, Outlook::Absent);
    value(1).unwrap_err();
}

#[test]
fn places_are_named_and_values_of_stores_told_of() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = ["memory://", STORE.clone()], ttl = "10s", stale_while_revalidate = "10s")]
    async fn value(key: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let explained = || futures::executor::block_on(value::entry(1).explain());
    let first = explained();
    assert_eq!((first.outlook, first.places.len(), first.places[0].as_str()), (Outlook::Absent, 2, "memory"));
    futures::executor::block_on(value(1));
    clock.advance(15 * SECOND);
    let due = explained();
    assert_eq!(due.outlook, Outlook::Due);
    assert!(due.to_string().contains("15s old, past its time, to be loaded anew"), "{due}");
    assert_eq!(SOURCE.reads(), 1);
}
