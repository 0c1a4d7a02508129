//! Functions over stores that make trouble.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use cacher::{
    Removal, Stats,
    backend::bytes::Bytes,
    cache,
    format::Format,
    invalidate_tag,
    testing::{Chaos, ChaosFilter, ManualClock},
};

use crate::source::{Failure, Source, Value};

/// A function, and what it promises.
pub(crate) struct Scene {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) source: &'static Source,
    pub(crate) stores: Vec<Chaos<Bytes>>,
    pub(crate) call: fn(u64) -> Result<Value, Failure>,
    pub(crate) refresh: fn(u64) -> Result<Value, Failure>,
    pub(crate) peek: fn(u64) -> Option<Value>,
    pub(crate) insert: fn(u64, Value) -> bool,
    pub(crate) invalidate: fn(u64) -> Removal,
    /// Invalidates what the key has in common with others: those that give the same rest by 2.
    pub(crate) invalidate_tag: Option<fn(u64) -> Removal>,
    pub(crate) clear: fn() -> Removal,
    pub(crate) len: fn() -> u64,
    pub(crate) stats: fn() -> Stats,
    /// No value is served that is as old, in milliseconds.
    pub(crate) oldest: u64,
    /// For how long memory has a value for when the source is down; 0 without memory.
    pub(crate) remembered: u64,
}

macro_rules! scene {
    ($function:ident, $source:ident, [$($store:ident),*], oldest: $oldest:expr, remembered: $remembered:expr) => {{
        let clock = ManualClock::new();
        $source.at(&clock);
        Scene {
            clock,
            source: &$source,
            stores: vec![$($store.clone()),*],
            call: $function,
            refresh: |key| $function::refresh(key),
            peek: |key| $function::entry(key).peek(),
            insert: |key, value| $function::entry(key).insert(value),
            invalidate: |key| $function::entry(key).invalidate(),
            invalidate_tag: None,
            clear: || $function::cache().clear(),
            len: || $function::cache().len(),
            stats: || $function::cache().stats(),
            oldest: $oldest,
            remembered: $remembered,
        }
    }};
}

fn chaos() -> Chaos<Bytes> {
    // Later than any wait for a store of the cache would be.
    Chaos::new(Bytes::new()).delays(0.0, Duration::from_millis(700))
}

/// One store alone.
pub(crate) fn alone() -> Scene {
    static SOURCE: Source = Source::new();
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    #[cache(backend = STORE.clone(), ttl = "10s", name = "chaos_alone")]
    fn load(key: u64) -> Result<Value, Failure> {
        SOURCE.load(key)
    }
    scene!(load, SOURCE, [STORE], oldest: 10_000, remembered: 0)
}

/// Memory in front of a store.
pub(crate) fn tiers() -> Scene {
    static SOURCE: Source = Source::new();
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    #[cache(backend = ["memory://", STORE.clone()], ttl = "10s", name = "chaos_tiers")]
    fn load(key: u64) -> Result<Value, Failure> {
        SOURCE.load(key)
    }
    scene!(load, SOURCE, [STORE], oldest: 10_000, remembered: 10_000)
}

/// Values that stand in for errors.
pub(crate) fn stale() -> Scene {
    static SOURCE: Source = Source::new();
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    #[cache(backend = STORE.clone(), ttl = "10s", stale_if_error = "20s", name = "chaos_stale")]
    fn load(key: u64) -> Result<Value, Failure> {
        SOURCE.load(key)
    }
    scene!(load, SOURCE, [STORE], oldest: 30_000, remembered: 0)
}

/// Values that are loaded anew, and stand in, in memory and two stores.
pub(crate) fn renewed() -> Scene {
    static SOURCE: Source = Source::new();
    static UPPER: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    static LOWER: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    #[cache(
        backend = ["memory://", UPPER.clone(), LOWER.clone()],
        ttl = "10s",
        refresh_at = 0.5,
        stale_while_revalidate = "15s",
        stale_if_error = "20s",
        name = "chaos_renewed"
    )]
    fn load(key: u64) -> Result<Value, Failure> {
        SOURCE.load(key)
    }
    scene!(load, SOURCE, [UPPER, LOWER], oldest: 30_000, remembered: 30_000)
}

/// Values with tags, in two stores.
pub(crate) fn tagged() -> Scene {
    static SOURCE: Source = Source::new();
    static UPPER: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    static LOWER: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    fn of_value(value: &Value) -> String {
        format!("chaos:rest:{}", value.key % 2)
    }
    #[cache(
        backend = [UPPER.clone(), LOWER.clone()],
        ttl = "10s",
        stale_if_error = "20s",
        tags = ["chaos:{key}", of_value],
        name = "chaos_tagged"
    )]
    fn load(key: u64) -> Result<Value, Failure> {
        SOURCE.load(key)
    }
    let scene = scene!(load, SOURCE, [UPPER, LOWER], oldest: 30_000, remembered: 0);
    Scene { invalidate_tag: Some(|key| invalidate_tag(&format!("chaos:rest:{}", key % 2))), ..scene }
}

/// A format that makes trouble, in a store that makes some too.
pub(crate) fn formatted() -> Scene {
    static SOURCE: Source = Source::new();
    static STORE: LazyLock<Chaos<Bytes>> = LazyLock::new(chaos);
    fn format() -> Format {
        let filter = ChaosFilter::new().seed(1).errors(0.2).panics(0.02).torn(0.2);
        Format::named("msgpack").unwrap().then(filter)
    }
    #[cache(
        backend = STORE.clone(),
        format = format(),
        ttl = "10s",
        stale_if_error = "20s",
        name = "chaos_formatted"
    )]
    fn load(key: u64) -> Result<Value, Failure> {
        SOURCE.load(key)
    }
    scene!(load, SOURCE, [STORE], oldest: 30_000, remembered: 0)
}
