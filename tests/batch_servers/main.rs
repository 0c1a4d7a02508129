//! Functions over many items whose values are on servers: what they cost there, and what they return.
#![cfg(any(feature = "redis", feature = "memcached", feature = "postgres", feature = "mysql", feature = "mongodb"))]

mod many;
mod trips;
