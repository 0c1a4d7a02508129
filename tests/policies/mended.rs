//! What the reference has found, each by itself.

use std::{sync::LazyLock, time::Duration};

use cacher::{cache, testing::ManualClock};

use crate::source::{Failure, Mode, Source, lasts};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_error_that_lasts_does_not_take_the_place_of_a_live_value() {
    static SOURCE: Source = Source::new();
    #[cache(ttl = "10s", refresh_at = 0.5, error_ttl = "4s", error_if = lasts)]
    fn load(key: u64) -> Result<Option<u64>, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), Ok(Some(1)));
    SOURCE.is(Mode::Lasting, 0);
    clock.advance(5 * SECOND);
    assert_eq!((load(1), load(1), SOURCE.reads()), (Ok(Some(1)), Ok(Some(1)), 2), "it is loaded anew in vain");
    clock.advance(SECOND);
    assert_eq!((load(1), SOURCE.reads()), (Ok(Some(1)), 3), "and again after a pause");
    clock.advance(4 * SECOND);
    assert_eq!((load(1), load(1), SOURCE.reads()), (Err(Failure::Lasting(4)), Err(Failure::Lasting(4)), 4));
}

#[test]
fn an_error_of_a_refresh_does_not_take_the_place_of_a_live_value_later() {
    static SOURCE: Source = Source::new();
    #[cache(ttl = "10s", refresh_at = 0.5, error_ttl = "1h", error_if = lasts)]
    fn load(key: u64) -> Result<Option<u64>, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(load(1), Ok(Some(1)));
    SOURCE.is(Mode::Lasting, 0);
    assert_eq!(load::refresh(1), Err(Failure::Lasting(2)));
    SOURCE.is(Mode::Down, 0);
    clock.advance(5 * SECOND);
    assert_eq!((load(1), SOURCE.reads()), (Ok(Some(1)), 3));
    clock.advance(5 * SECOND);
    assert_eq!((load(1), SOURCE.reads()), (Err(Failure::Lasting(2)), 3));
}

#[test]
fn an_error_that_lasts_goes_with_the_tags_of_its_call() {
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::new);
    #[cache(ttl = "10s", error_ttl = "1h", error_if = lasts, tags = ["mended:{key}"])]
    fn load(key: u64) -> Result<Option<u64>, Failure> {
        SOURCE.read()
    }
    SOURCE.is(Mode::Lasting, 0);
    assert_eq!((load(1), load(2), SOURCE.reads()), (Err(Failure::Lasting(1)), Err(Failure::Lasting(2)), 2));
    SOURCE.is(Mode::Up, 0);
    cacher::invalidate_tag("mended:1");
    assert_eq!((load(1), load(2)), (Ok(Some(3)), Err(Failure::Lasting(2))));
}
