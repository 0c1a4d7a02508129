//! Functions over many items whose values are on servers: what they cost there, and what they return.
#![cfg(any(feature = "redis", feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod many;
mod trips;
