//! The stores on SQL servers, against real ones.
#![cfg(any(feature = "postgres", feature = "mysql"))]

mod contract;
mod failing;
mod heard;
mod keys;
mod late;
mod leases;
mod nodes;
#[path = "../rates/mod.rs"]
mod rates;
mod refused;
mod rows;
mod support;
mod tables;
#[path = "../turns/mod.rs"]
mod turns;
#[cfg(feature = "postgres")]
#[path = "../two_nodes/mod.rs"]
mod two_nodes;
mod urls;
