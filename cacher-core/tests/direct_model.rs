//! A cache without a function against a map that does the same: any operations, under a clock that is moved by hand.

use std::{collections::HashMap, time::Duration};

use cacher_core::{core::Removal, direct::Cache, testkit::ManualClock};
use proptest::{collection::vec, prelude::*};

type Key = u8;
type Value = u16;

#[derive(Clone, Debug)]
enum Step {
    Get(Key),
    Contains(Key),
    Set(Key, Value),
    SetFor(Key, Value, u64),
    SetIfAbsent(Key, Value),
    Update(Key, Value),
    Load(Key, Value),
    Delete(Key),
    ExpireIn(Key, u64),
    Clear,
    Purge,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..4_u8;
    let value = || any::<Value>();
    let seconds = || 0..8_u64;
    prop_oneof![
        3 => key().prop_map(Step::Get),
        1 => key().prop_map(Step::Contains),
        3 => (key(), value()).prop_map(|(key, value)| Step::Set(key, value)),
        3 => (key(), value(), seconds()).prop_map(|(key, value, life)| Step::SetFor(key, value, life)),
        2 => (key(), value()).prop_map(|(key, value)| Step::SetIfAbsent(key, value)),
        2 => (key(), value()).prop_map(|(key, value)| Step::Update(key, value)),
        2 => (key(), value()).prop_map(|(key, value)| Step::Load(key, value)),
        2 => key().prop_map(Step::Delete),
        2 => (key(), seconds()).prop_map(|(key, life)| Step::ExpireIn(key, life)),
        1 => Just(Step::Clear),
        1 => Just(Step::Purge),
        3 => seconds().prop_map(Step::Wait),
    ]
}

/// The TTL of what is said no other of, in seconds.
const TTL: u64 = 5;

/// What a cache does, and nothing about how.
#[derive(Default)]
struct Model {
    now: u64,
    values: HashMap<Key, (Value, u64)>,
}

impl Model {
    fn get(&self, key: Key) -> Option<Value> {
        self.values.get(&key).filter(|(_, until)| self.now < *until).map(|(value, _)| *value)
    }

    fn set(&mut self, key: Key, value: Value, life: u64) -> bool {
        self.values.insert(key, (value, self.now + life));
        life > 0
    }

    fn delete(&mut self, key: Key) -> bool {
        let there = self.get(key).is_some();
        self.values.remove(&key);
        there
    }
}

/// What an operation answered, as one type.
#[derive(Debug, PartialEq)]
enum Answer {
    Value(Option<Value>),
    Done(bool),
    Nothing,
}

use Answer::{Done, Nothing, Value as Is};

fn expected(model: &mut Model, step: &Step) -> Answer {
    match *step {
        Step::Get(key) => Is(model.get(key)),
        Step::Contains(key) => Done(model.get(key).is_some()),
        Step::Set(key, value) => Done(model.set(key, value, TTL)),
        Step::SetFor(key, value, life) => Done(model.set(key, value, life)),
        Step::SetIfAbsent(key, value) => Done(model.get(key).is_none() && model.set(key, value, TTL)),
        Step::Update(key, value) => {
            let new = model.get(key).map(|old| old.wrapping_add(value));
            new.map(|new| model.set(key, new, TTL));
            Is(new)
        }
        Step::Load(key, value) => {
            let found = model.get(key);
            if found.is_none() {
                model.set(key, value, TTL);
            }
            Is(found.or(Some(value)))
        }
        Step::Delete(key) => Done(model.delete(key)),
        Step::ExpireIn(key, life) => {
            let found = model.get(key);
            found.map(|value| model.set(key, value, life));
            Done(found.is_some())
        }
        Step::Clear => {
            model.values.clear();
            Nothing
        }
        Step::Purge => Nothing,
        Step::Wait(seconds) => {
            model.now += seconds;
            Nothing
        }
    }
}

fn actual(cache: &Cache<Key, Value>, clock: &ManualClock, step: &Step) -> Answer {
    match *step {
        Step::Get(key) => Is(cache.get(&key)),
        Step::Contains(key) => Done(cache.contains(&key)),
        Step::Set(key, value) => Done(cache.set(&key, value)),
        Step::SetFor(key, value, life) => Done(cache.with_ttl(Duration::from_secs(life)).set(&key, value)),
        Step::SetIfAbsent(key, value) => Done(cache.set_if_absent(&key, value)),
        Step::Update(key, value) => Is(cache.update(&key, |old| Some(old?.wrapping_add(value)))),
        Step::Load(key, value) => Is(Some(cache.get_or_load(&key, || value))),
        Step::Delete(key) => Done(cache.delete(&key)),
        Step::ExpireIn(key, life) => Done(cache.expire_in(&key, Duration::from_secs(life))),
        Step::Clear => {
            assert_ne!(cache.clear(), Removal::Pending);
            Nothing
        }
        Step::Purge => {
            cache.purge();
            Nothing
        }
        Step::Wait(seconds) => {
            clock.advance(Duration::from_secs(seconds));
            Nothing
        }
    }
}

fn walk(steps: &[Step], open: impl FnOnce() -> Cache<Key, Value>) -> Result<(), TestCaseError> {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let (cache, mut model) = (open(), Model::default());
    for (number, step) in steps.iter().enumerate() {
        let (is, should) = (actual(&cache, &clock, step), expected(&mut model, step));
        prop_assert_eq!(is, should, "step {} of {:?}", number, steps);
    }
    for key in 0..4 {
        prop_assert_eq!(cache.get(&key), model.get(key), "after {:?}", steps);
    }
    Ok(())
}

/// The cache with these backends, the first asked first.
#[cfg(feature = "msgpack")]
fn over(urls: &[&str]) -> Cache<Key, Value> {
    let empty = Cache::builder().ttl(Duration::from_secs(TTL));
    urls.iter().copied().fold(empty, cacher_core::direct::CacheBuilder::backend).build().expect("it is set up")
}

proptest! {
    #[test]
    fn memory_does_as_a_map(steps in vec(step(), 1..60)) {
        let open = || Cache::builder().ttl(Duration::from_secs(TTL)).build().expect("it is set up");
        walk(&steps, open)?;
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn a_store_does_as_a_map(steps in vec(step(), 1..60)) {
        walk(&steps, || over(&["memory://?format=msgpack"]))?;
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn tiers_do_as_a_map(steps in vec(step(), 1..60)) {
        walk(&steps, || over(&["memory://", "memory://?format=msgpack", "memory://?format=msgpack"]))?;
    }
}
