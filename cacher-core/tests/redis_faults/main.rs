//! What becomes of calls when a Redis fails: no wrong value, no error, no hang, and all is well again afterwards.

#![cfg(feature = "redis")]

mod groups;
mod late;
mod leases;
mod nodes;
mod odd;
mod refusals;
mod scene;
mod servers;
#[path = "../two_nodes/mod.rs"]
mod two_nodes;
