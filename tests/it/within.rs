//! Law 3: what runs as a part of a load, and calls the key of that load, does not wait for itself.

use std::{
    cell::Cell,
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use cacher::{
    Error,
    backend::{Backend, Key},
    cache,
    strategy::{Call, Draft, Found, Freshness, LoadEnd, Permit, Strategy, Verdict},
    testing::ManualClock,
};
use serde::{Serialize, Serializer};

use crate::{
    gated::Gated,
    support::{block_on, ends},
};

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Does something once, but not within itself.
fn once_deep<T>(code: impl FnOnce() -> T) {
    if !WITHIN.replace(true) {
        drop(code());
        WITHIN.set(false);
    }
}

#[test]
fn a_keyer_may_call_the_function() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = STORE.clone(), keyer = |call| { once_deep(|| load(1)); call.argument("key").unwrap().to_string() })]
    fn load(key: u64) -> u64 {
        key
    }
    ends(|| {
        assert_eq!((load(1), load(1), load::refresh(1)), (1, 1, 1));
        load::entry(1).invalidate();
        assert_eq!(load(1), 1);
    });
}

/// A key that is being removed from lets nobody write.
#[test]
fn a_keyer_may_insert_what_is_being_removed() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[cache(backend = STORE.clone(), keyer = |call| {
        once_deep(|| load::entry(1).insert(2));
        call.argument("key").unwrap().to_string()
    })]
    fn load(key: u64) -> u64 {
        key
    }
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        load(1);
        load::entry(1).invalidate();
        assert_eq!(load(1), 2);
    });
}

/// What a store does for an async caller runs on another thread.
#[test]
fn a_backend_may_call_the_function_whose_load_waits_for_it() {
    struct Calls;
    impl Backend for Calls {
        fn describe(&self) -> String {
            "calls".into()
        }
        fn get(&self, _key: &Key) -> Result<Option<Vec<u8>>, Error> {
            once_deep(|| block_on(load(1)));
            Ok(None)
        }
        fn put(&self, _key: &Key, _entry: &[u8], _expires: Option<SystemTime>) -> Result<(), Error> {
            Ok(())
        }
        fn remove(&self, _key: &Key) -> Result<bool, Error> {
            Ok(false)
        }
    }
    #[cache(backend = Calls)]
    async fn load(key: u64) -> u64 {
        key
    }
    ends(|| assert_eq!(block_on(load(1)), 1));
}

#[test]
fn the_serialize_of_a_key_may_call_the_function() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Id(u64);
    impl Serialize for Id {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            once_deep(|| load(&Id(self.0)));
            self.0.serialize(serializer)
        }
    }
    #[cache(backend = STORE.clone())]
    fn load(key: &Id) -> u64 {
        key.0
    }
    ends(|| assert_eq!((load(&Id(1)), load(&Id(1)), load::refresh(&Id(1))), (1, 1, 1)));
}

#[test]
fn a_strategy_may_call_the_function_in_each_hook() {
    struct Calls;
    impl Strategy for Calls {
        fn ask_read(&self, _call: &Call<'_>) -> Verdict {
            once_deep(|| load(1));
            Verdict::Proceed
        }
        fn commit_read(&self, _call: &Call<'_>) {
            once_deep(|| load(1));
        }
        fn ask_found(&self, _call: &Call<'_>, _found: &Found) -> Freshness {
            once_deep(|| load(1));
            Freshness::Fresh
        }
        fn ask_load(&self, _call: &Call<'_>) -> Permit {
            once_deep(|| load(1));
            Permit::Now
        }
        fn commit_load(&self, _call: &Call<'_>) -> bool {
            once_deep(|| load(1));
            true
        }
        fn after_load(&self, _call: &Call<'_>, _end: LoadEnd) {
            once_deep(|| load(1));
        }
        fn ask_write(&self, _call: &Call<'_>, _draft: &mut Draft) -> Verdict {
            once_deep(|| load(1));
            Verdict::Proceed
        }
        fn commit_write(&self, _call: &Call<'_>, _draft: &Draft) {
            once_deep(|| load(1));
        }
    }
    #[cache(strategies = [Calls])]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    ends(|| {
        for _ in 0..3 {
            assert_eq!((load(1).unwrap(), load::refresh(1).unwrap()), (1, 1));
            load::entry(1).invalidate();
        }
    });
}

#[test]
fn a_strategy_may_call_the_function_when_its_load_has_ended() {
    struct Calls;
    impl Strategy for Calls {
        fn after_load(&self, _call: &Call<'_>, _end: LoadEnd) {
            once_deep(|| load(1));
        }
    }
    #[cache(strategies = [Calls])]
    fn load(key: u64) -> Result<u64, Error> {
        if WITHIN.get() { Ok(key) } else { Err(Error::new(cacher::Kind::Invalid, "the body's")) }
    }
    ends(|| {
        assert!(load(1).is_err());
        load::entry(1).invalidate();
        assert!(load::refresh(1).is_err());
    });
}

#[test]
fn a_strategy_may_call_the_function_when_the_body_is_held_back() {
    struct Calls;
    impl Strategy for Calls {
        fn ask_found(&self, _call: &Call<'_>, _found: &Found) -> Freshness {
            once_deep(|| load(1));
            Freshness::Stale
        }
        fn ask_read(&self, _call: &Call<'_>) -> Verdict {
            once_deep(|| load(1));
            Verdict::Proceed
        }
    }
    #[cache(strategies = [Calls], rate_limit = "1/h", on_limit = stale, ttl = "1h", max_wait = "1s")]
    fn load(key: u64) -> Result<u64, Error> {
        Ok(key)
    }
    ends(|| {
        WITHIN.set(true);
        assert_eq!(load(1).unwrap(), 1);
        WITHIN.set(false);
        assert_eq!(load(1).unwrap(), 1);
    });
}

/// A value whose clone calls the function.
struct Value(u64);

impl Clone for Value {
    fn clone(&self) -> Self {
        once_deep(|| held_back(self.0));
        Self(self.0)
    }
}

#[cache(rate_limit = "1/h", patience = "1h", ttl = "10s", on_limit = stale)]
fn held_back(number: u64) -> Value {
    Value(number)
}

#[test]
fn the_clone_of_a_stale_value_may_call_the_function() {
    ends(|| {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        WITHIN.set(true);
        held_back(1);
        WITHIN.set(false);
        clock.advance(Duration::from_secs(11));
        assert_eq!((held_back(1).0, held_back::cache().stats().loads), (1, 1));
    });
}
