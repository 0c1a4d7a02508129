//! Cases of the Python library cachetory.

use std::time::SystemTime;

use super::prelude::*;

type Texts = Cache<String, String>;
type Numbers = Cache<String, u64>;

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn cty_1_an_unknown_scheme_is_named() {
    let error = Numbers::from_url("invalid://").unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.to_string().contains("invalid"), "{error}");
}

on_every_cache! {
    cty_2_what_was_set_is_got: |cache: Texts, _clock, now| {
        assert!(now!(cache.set("foo", text("hello"))));
        assert_eq!(now!(cache.get("foo")), Some(text("hello")));
    }
}

on_every_cache! {
    cty_4_only_the_first_is_set_if_absent: |cache: Texts, _clock, now| {
        assert!(now!(cache.set_if_absent("foo", text("hello"))));
        assert!(!now!(cache.set_if_absent("foo", text("world"))));
        assert_eq!(now!(cache.get("foo")), Some(text("hello")));
    }
}

on_every_cache! {
    cty_5_34_37_deleting_says_whether_it_was_there: |cache: Numbers, _clock, now| {
        now!(cache.set("foo", 42));
        assert!(now!(cache.delete("foo")));
        assert!(!now!(cache.delete("foo")));
        assert_eq!(now!(cache.get("foo")), None);
    }
}

on_every_cache! {
    cty_7_35_many_are_deleted_and_others_kept: |cache: Cache<u64, u64>, _clock, now| {
        assert_eq!(now!(cache.set_many([(&1, 1), (&2, 2), (&3, 3)])), 3);
        assert_eq!(now!(cache.delete_many(&[1, 2, 4])), 2);
        assert_eq!(now!(cache.get_many(&[1, 2, 3])), [None, None, Some(3)]);
    }
}

on_every_cache! {
    cty_8_26_nothing_is_many_too: |cache: Numbers, _clock, now| {
        let none: [&str; 0] = [];
        assert_eq!(now!(cache.delete_many(none)), 0);
        assert!(now!(cache.get_many(none)).is_empty());
        assert_eq!(now!(cache.set_many(none.map(|key| (key, 1)))), 0);
    }
}

on_every_cache! {
    cty_10_a_value_lives_for_its_ttl: |cache: Numbers, clock, now| {
        assert!(now!(cache.with_ttl(MINUTE).set("foo", 1)));
        clock.advance(MINUTE - SECOND);
        assert_eq!(now!(cache.get("foo")), Some(1));
        clock.advance(SECOND);
        assert_eq!(now!(cache.get("foo")), None);
    }
}

on_every_cache! {
    cty_11_a_deadline_can_be_set_later: |cache: Numbers, clock, now| {
        now!(cache.set("foo", 1));
        assert!(now!(cache.expire_at("foo", clock.time_of_day() + MINUTE)));
        clock.advance(MINUTE - SECOND);
        assert_eq!(now!(cache.get("foo")), Some(1));
        clock.advance(SECOND);
        assert_eq!(now!(cache.get("foo")), None);
    }
}

on_every_cache! {
    cty_13_clear_leaves_nothing: |cache: Numbers, _clock, now| {
        now!(cache.set_many([("foo", 1), ("bar", 2)]));
        assert_eq!((now!(cache.len()), now!(cache.clear())), (counted(cache.name(), 2), Removal::Removed));
        assert_eq!(now!(cache.get_many(["foo", "bar"])), [None, None]);
        // Memcached does not know what it has.
        let again = if counted(cache.name(), 1) == 0 { Removal::Removed } else { Removal::Absent };
        assert_eq!((now!(cache.len()), now!(cache.clear())), (0, again));
    }
}

on_every_cache! {
    cty_14_an_empty_value_is_a_value: |cache: Cache<String, Vec<u8>>, _clock, now| {
        now!(cache.set("foo", Vec::new()));
        assert_eq!(now!(cache.get("foo")), Some(Vec::new()));
    }
}

on_every_cache! {
    cty_16_an_absent_entry_is_given_no_life: |cache: Numbers, clock, now| {
        assert!(!now!(cache.expire_in("foo", MINUTE)));
        assert!(!now!(cache.expire_at("foo", clock.time_of_day() + MINUTE)));
        assert_eq!((now!(cache.get("foo")), now!(cache.len())), (None, 0));
    }
}

on_every_cache! {
    cty_17_what_is_set_anew_has_no_life_of_what_it_replaces: |cache: Numbers, clock, now| {
        now!(cache.with_ttl(MINUTE).set("foo", 1));
        now!(cache.set("foo", 2));
        clock.advance(1000 * MINUTE);
        assert_eq!(now!(cache.get("foo")), Some(2));
    }
}

on_every_cache! {
    cty_19_an_expired_entry_is_absent: |cache: Numbers, clock, now| {
        now!(cache.with_ttl(MINUTE).set("foo", 1));
        clock.advance(MINUTE);
        assert!(now!(cache.set_if_absent("foo", 2)));
        assert_eq!(now!(cache.get("foo")), Some(2));
    }
}

on_every_cache! {
    cty_20_an_expired_entry_cannot_be_deleted: |cache: Numbers, clock, now| {
        now!(cache.with_ttl(MINUTE).set("foo", 1));
        clock.advance(MINUTE);
        assert!(!now!(cache.delete("foo")));
    }
}

on_every_cache! {
    cty_22_what_expired_can_be_purged: |cache: Numbers, clock, now| {
        now!(cache.with_ttl(MINUTE).set("foo", 1));
        now!(cache.set("bar", 1));
        clock.advance(MINUTE + SECOND);
        now!(cache.purge());
        let left = if has_own_clock(cache.name()) { 2 } else { 1 };
        assert_eq!((now!(cache.len()), now!(cache.get("bar"))), (counted(cache.name(), left), Some(1)));
    }
}

#[test]
fn cty_23_a_cache_that_keeps_nothing() {
    let cache: Numbers = Cache::builder().name("cty_23").backend("null://").build().unwrap();
    assert_eq!((cache.get_many(["foo"]), cache.get("foo")), (vec![None], None));
    assert!(cache.set("foo", 1) && cache.set_if_absent("foo", 1));
    assert!(!cache.delete("foo"));
    assert_eq!((cache.get_or_load("foo", || 2), cache.get_or_load("foo", || 3)), (2, 3));
}

on_every_cache! {
    cty_25_a_deadline_that_has_passed_is_the_end: |cache: Numbers, _clock, now| {
        now!(cache.set("foo", 1));
        assert!(now!(cache.expire_at("foo", SystemTime::UNIX_EPOCH)));
        assert_eq!((now!(cache.get("foo")), now!(cache.len())), (None, 0));
    }
}

on_every_cache! {
    cty_31_32_what_is_absent_is_none: |cache: Numbers, _clock, now| {
        now!(cache.set("foo", 42));
        assert_eq!(now!(cache.get_many(["foo", "bar"])), [Some(42), None]);
        assert_eq!(now!(cache.get("bar")).unwrap_or(100_500), 100_500);
    }
}

on_every_cache! {
    cty_41_setting_says_whether_it_is_kept: |cache: Numbers, _clock, now| {
        assert!(now!(cache.set("foo", 1)) && now!(cache.set("foo", 1)));
        assert!(!now!(cache.with_ttl(Duration::ZERO).set("foo", 2)));
        assert_eq!(now!(cache.get("foo")), None);
    }
}
