//! What becomes of calls when a server fails: no wrong value, no error, no hang, and all is well again afterwards.

#![cfg(any(feature = "redis", feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]

#[cfg(any(feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]
mod kinds;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]
mod refusals;
mod scene;
#[cfg(feature = "redis")]
#[path = "../two_nodes/mod.rs"]
mod two_nodes;
