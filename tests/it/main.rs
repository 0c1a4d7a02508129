//! End to end, through the facade.
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::option_option,
    clippy::unchecked_time_subtraction,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod bounded;
mod callables;
mod cases;
mod common;
mod configured;
mod direct;
mod embedded;
mod expiry;
mod fence;
mod files;
mod flights;
mod formats;
mod gated;
mod identity;
mod keyers;
mod limits;
mod mended;
mod names;
#[cfg(all(feature = "tracing", feature = "metrics"))]
mod observed;
#[cfg(all(feature = "tracing", feature = "metrics"))]
mod observers;
#[cfg(feature = "own_format")]
mod own_format;
mod pairs;
mod peers;
mod places;
mod processes;
mod reentrancy;
mod schema;
mod scopes;
mod shared;
#[cfg(any(feature = "redis", feature = "postgres", feature = "mysql"))]
mod shared_rates;
mod stale;
mod stores;
mod strategies;
mod support;
mod tiers;
mod within;
mod wrappers;
