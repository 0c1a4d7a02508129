//! Cases of the Python library cachetory.

use std::{
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use super::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

on_every_backend! {
    cty_16_an_absent_entry_is_given_no_life:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert!(!square::entry(3).expire_in(MINUTE));
        assert_eq!((square::entry(3).peek(), square::cache().len()), (None, 0));
        assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 1));
    }
}

on_every_backend! {
    cty_17_what_is_set_anew_has_no_life_of_what_it_replaces:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(square(3), 9);
        assert!(square::entry(3).expire_in(MINUTE));
        assert_eq!(square::entry(3).info().unwrap().fresh_for, Some(MINUTE));
        assert!(square::entry(3).insert(10));
        assert_eq!(square::entry(3).info().unwrap().fresh_for, None);
        clock.advance(1000 * MINUTE);
        assert_eq!((square(3), RUNS.load(SeqCst)), (10, 1));
    }
}

on_every_backend! {
    /// A call is what stores only what is not there.
    cty_19_an_expired_entry_is_not_there:
    #[cache(ttl = "1m", ignore = [value])]
    fn set_if_absent(key: &str, value: u64) -> u64 { value }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!((set_if_absent("foo", 1), set_if_absent("foo", 2)), (1, 1));
        clock.advance(MINUTE);
        assert_eq!(set_if_absent("foo", 3), 3);
        assert_eq!(set_if_absent::entry("foo").peek(), Some(3));
    }
}

/// A store is not read to be removed from: there an expired entry counts until it is swept.
#[test]
fn cty_20_an_expired_entry_cannot_be_deleted() {
    #[cache(ttl = "1m")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(square(3), 9);
    clock.advance(MINUTE);
    assert_eq!(square::cache().len(), 1, "it has not been swept");
    assert_eq!(square::entry(3).invalidate(), Removal::Absent);
}

on_this_machine! {
    /// Nobody needs to purge: memory is swept four times a second, stores every five minutes. Servers go by their own
    /// clocks.
    cty_22_what_has_expired_is_removed_without_being_asked_for:
    #[cache(ttl = "1m")]
    fn square(n: u64) -> u64 { n * n }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let _: Vec<_> = (0..3).map(square).collect();
        assert_eq!(square::cache().len(), 3);
        clock.advance(5 * MINUTE);
        assert_eq!((square::cache().len(), square::cache().stats().entries), (0, 0));
    }
}

on_every_backend! {
    cty_49_the_arguments_reach_the_body_and_it_runs_once:
    #[cache()]
    fn call(a: u64, kwarg: u64) -> u64 {
        assert_eq!((a, kwarg), (1, 2));
        42
    }
    {
        assert_eq!((call(1, 2), call(1, 2)), (42, 42));
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

fn life_of(key: &str) -> Duration {
    if key.contains("a=a") { Duration::from_secs(42) } else { MINUTE }
}

on_every_backend! {
    cty_50_a_ttl_that_depends_on_the_key:
    #[cache(ttl = life_of(key))]
    fn length(key: &str) -> u64 { key.len() as u64 }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!((length("a=a"), length("a=b")), (3, 3));
        assert_eq!(length::entry("a=a").info().unwrap().fresh_for, Some(Duration::from_secs(42)));
        assert_eq!(length::entry("a=b").info().unwrap().fresh_for, Some(MINUTE));
    }
}

on_every_backend! {
    cty_50_a_ttl_that_depends_on_the_key_of_an_async_function:
    #[cache(ttl = life_of(key))]
    async fn length(key: &str) -> u64 { key.len() as u64 }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!((length("a=a").await, length("a=b").await), (3, 3));
        assert_eq!(length::entry("a=a").info().await.unwrap().fresh_for, Some(Duration::from_secs(42)));
        assert_eq!(length::entry("a=b").info().await.unwrap().fresh_for, Some(MINUTE));
    }
}

on_every_backend! {
    cty_52_one_call_is_purged:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert_eq!((square(2), square(3)), (4, 9));
        assert_eq!(square::entry(2).invalidate(), Removal::Removed);
        assert_eq!((square::entry(2).peek(), square::entry(3).peek()), (None, Some(9)));
        assert_eq!(square::entry(2).invalidate(), Removal::Absent);
    }
}

on_every_backend! {
    cty_53_without_a_cache_the_function_runs:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert_eq!(cacher::bypass(|| (square(3), square(3))), (9, 9));
        assert_eq!((RUNS.load(SeqCst), square::cache().len()), (2, 0));
        assert_eq!(square::entry(3).invalidate(), Removal::Absent);
    }
}

on_every_backend! {
    cty_58_none_is_kept:
    #[cache()]
    fn find(id: u64) -> Option<String> { (id > 10).then(|| id.to_string()) }
    {
        assert_eq!((find(3), find(3), find(11).as_deref()), (None, None, Some("11")));
        assert_eq!(RUNS.load(SeqCst), 2);
    }
}

on_every_backend! {
    cty_58_none_of_an_async_function_is_kept:
    #[cache()]
    async fn find(id: u64) -> Option<String> { (id > 10).then(|| id.to_string()) }
    {
        assert_eq!((find(3).await, find(3).await, find(11).await.as_deref()), (None, None, Some("11")));
        assert_eq!(RUNS.load(SeqCst), 2);
    }
}

on_every_backend! {
    cty_59_an_error_is_passed_on_and_not_kept:
    #[cache()]
    fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
        let number: u64 = text.parse()?;
        Ok(number)
    }
    {
        assert!(parse("x").is_err() && parse("x").is_err());
        assert_eq!((RUNS.load(SeqCst), parse::cache().len()), (2, 0));
        assert_eq!(parse::cache().stats().load_failures, 2);
    }
}

on_every_backend! {
    cty_59_a_value_written_during_a_load_is_kept:
    #[cache()]
    fn value(key: &str) -> u64 {
        let key = key.to_owned();
        thread::spawn(move || assert!(value::entry(&key).insert(2))).join().unwrap();
        1
    }
    {
        assert_eq!(value("foo"), 1);
        assert_eq!((value::entry("foo").peek(), value("foo")), (Some(2), 2));
    }
}

fn deadline() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

on_every_backend! {
    cty_61_a_deadline_that_is_past_keeps_nothing:
    #[cache(expires_at = deadline())]
    fn square(n: u64) -> u64 { n * n }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        clock.set_time_of_day(deadline() + Duration::from_secs(10));
        assert_eq!((square(3), square(3)), (9, 9));
        assert_eq!((RUNS.load(SeqCst), square::cache().len(), square::cache().stats().refusals), (2, 0, 2));
        clock.set_time_of_day(deadline() - Duration::from_secs(10));
        assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 3));
        assert_eq!(square::entry(3).info().unwrap().fresh_for, Some(Duration::from_secs(10)));
    }
}

on_every_backend! {
    cty_61_no_ttl_is_no_end:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert_eq!(square(3), 9);
        assert_eq!(square::entry(3).info().unwrap().fresh_for, None);
    }
}

#[test]
fn cty_62_a_ttl_is_a_text_an_expression_or_a_closure() {
    fn life() -> Duration {
        Duration::from_secs(42)
    }
    #[cache(ttl = "42s")]
    fn text(n: u64) -> u64 {
        n
    }
    #[cache(ttl = life())]
    fn expression(n: u64) -> u64 {
        n
    }
    #[cache(ttl = |value: &u64| Duration::from_secs(*value))]
    fn closure(n: u64) -> u64 {
        n
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((text(42), expression(42), closure(42)), (42, 42, 42));
    let infos = [text::entry(42).info(), expression::entry(42).info(), closure::entry(42).info()];
    assert!(infos.into_iter().all(|info| info.unwrap().fresh_for == Some(life())));
}
