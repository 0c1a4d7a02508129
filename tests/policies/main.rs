//! All policies together against a simple reference, which is written from the documentation: random calls, moves of the clock,
//! troubles of the source, insertions and invalidations, by one thread under a clock that is moved by hand, so that what a
//! call answers, which body runs, and what is counted can be said exactly.
//!
//! `CACHER_TEST_SEED=17` tries that seed alone, `CACHER_TEST_STEPS=1000000` takes more steps.
#![allow(
    clippy::option_option,
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod breaker;
mod mended;
mod model;
mod source;
mod walk;

#[path = "../batch_model/random.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod random;

use std::sync::LazyLock;

use cacher::{backend::bytes::Bytes, cache, invalidate_tag};

use model::Rules;
use source::{Failure, Source, keeps, lasts};
use walk::{Subject, walk};

/// Nothing but a TTL of ten seconds.
const PLAIN: Rules = Rules {
    ttl: 10_000,
    none_ttl: None,
    revalidate: 0,
    if_error: 0,
    refresh_at: None,
    error_ttl: None,
    cache_if: false,
    breaker: None,
    memory: true,
    tag: None,
};

const ALL: Rules = Rules {
    ttl: 10_000,
    none_ttl: Some(3_000),
    revalidate: 5_000,
    if_error: 20_000,
    refresh_at: Some(0.5),
    error_ttl: Some(4_000),
    cache_if: true,
    breaker: Some((0.5, 10_000)),
    memory: true,
    tag: None,
};

/// A test of a function with these arguments of the attribute, and what they mean.
macro_rules! policies {
    ($name:ident($key:ident), [$($arguments:tt)*], $rules:expr) => {
        #[test]
        fn $name() {
            static SOURCE: Source = Source::new();
            static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
            #[cache($($arguments)*)]
            fn load($key: u64) -> Result<Option<u64>, Failure> {
                SOURCE.read()
            }
            let _ = &STORE;
            walk(&SOURCE, $rules, |clock| Subject {
                clock,
                call: load,
                refresh: |key| load::refresh(key),
                insert: |key, value| load::entry(key).insert(value),
                peek: |key| load::entry(key).peek(),
                invalidate: |key| load::entry(key).invalidate(),
                invalidate_tag,
                clear: || load::cache().clear(),
                stats: || load::cache().stats(),
            });
        }
    };
}

/// The same of an async function.
macro_rules! policies_async {
    ($name:ident($key:ident), [$($arguments:tt)*], $rules:expr) => {
        #[test]
        fn $name() {
            use futures::executor::block_on;
            static SOURCE: Source = Source::new();
            static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
            #[cache($($arguments)*)]
            async fn load($key: u64) -> Result<Option<u64>, Failure> {
                SOURCE.read()
            }
            let _ = &STORE;
            walk(&SOURCE, $rules, |clock| Subject {
                clock,
                call: |key| block_on(load(key)),
                refresh: |key| block_on(load::refresh(key)),
                insert: |key, value| block_on(load::entry(key).insert(value)),
                peek: |key| block_on(load::entry(key).peek()),
                invalidate: |key| block_on(load::entry(key).invalidate()),
                invalidate_tag: |tag| block_on(cacher::invalidate_tag_async(tag)),
                clear: || block_on(load::cache().clear()),
                stats: || load::cache().stats(),
            });
        }
    };
}

policies!(a_ttl(key), [ttl = "10s"], PLAIN);
policies!(old_values_for_errors(key), [ttl = "10s", stale_if_error = "20s"], Rules { if_error: 20_000, ..PLAIN });
policies!(
    old_values_while_loading(key),
    [ttl = "10s", stale_while_revalidate = "5s"],
    Rules { revalidate: 5_000, ..PLAIN }
);
policies!(
    ahead_of_time_with_errors_that_last(key),
    [ttl = "10s", refresh_at = 0.5, error_ttl = "4s", error_if = lasts],
    Rules { refresh_at: Some(0.5), error_ttl: Some(4_000), ..PLAIN }
);
policies!(
    nothing_and_errors(key),
    [ttl = "10s", none_ttl = "3s", error_ttl = "4s", error_if = lasts, cache_if = keeps],
    Rules { none_ttl: Some(3_000), error_ttl: Some(4_000), cache_if: true, ..PLAIN }
);
policies!(
    a_breaker_and_old_values(key),
    [ttl = "10s", stale_if_error = "20s", breaker = "50%/10s"],
    Rules { if_error: 20_000, breaker: Some((0.5, 10_000)), ..PLAIN }
);
policies!(
    tags_and_errors_that_last(key),
    [ttl = "10s", error_ttl = "4s", error_if = lasts, tags = ["policies:tags:{key}"]],
    Rules { error_ttl: Some(4_000), tag: Some("policies:tags"), ..PLAIN }
);
policies!(
    all_in_memory(key),
    [
        ttl = "10s",
        none_ttl = "3s",
        stale_while_revalidate = "5s",
        stale_if_error = "20s",
        refresh_at = 0.5,
        error_ttl = "4s",
        error_if = lasts,
        cache_if = keeps,
        breaker = "50%/10s",
        tags = ["policies:memory:{key}"]
    ],
    Rules { tag: Some("policies:memory"), ..ALL }
);
policies!(
    all_in_a_store(key),
    [
        backend = STORE.clone(),
        ttl = "10s",
        none_ttl = "3s",
        stale_while_revalidate = "5s",
        stale_if_error = "20s",
        refresh_at = 0.5,
        error_ttl = "4s",
        error_if = lasts,
        cache_if = keeps,
        breaker = "50%/10s",
        tags = ["policies:store:{key}"]
    ],
    Rules { memory: false, tag: Some("policies:store"), ..ALL }
);
policies!(
    all_in_tiers(key),
    [
        backend = ["memory://", STORE.clone()],
        ttl = "10s",
        none_ttl = "3s",
        stale_while_revalidate = "5s",
        stale_if_error = "20s",
        refresh_at = 0.5,
        error_ttl = "4s",
        error_if = lasts,
        cache_if = keeps,
        breaker = "50%/10s"
    ],
    ALL
);
policies_async!(
    all_in_memory_for_async_callers(key),
    [
        ttl = "10s",
        none_ttl = "3s",
        stale_while_revalidate = "5s",
        stale_if_error = "20s",
        refresh_at = 0.5,
        error_ttl = "4s",
        error_if = lasts,
        cache_if = keeps,
        breaker = "50%/10s"
    ],
    ALL
);
policies_async!(
    all_in_tiers_for_async_callers(key),
    [
        backend = ["memory://", STORE.clone()],
        ttl = "10s",
        none_ttl = "3s",
        stale_while_revalidate = "5s",
        stale_if_error = "20s",
        refresh_at = 0.5,
        error_ttl = "4s",
        error_if = lasts,
        cache_if = keeps,
        breaker = "50%/10s",
        tags = ["policies:async:{key}"]
    ],
    Rules { tag: Some("policies:async"), ..ALL }
);
