//! The stores on SQL servers, against real ones.
#![cfg(any(feature = "postgres", feature = "mysql"))]

mod contract;
mod failing;
mod heard;
mod keys;
mod late;
mod nodes;
mod refused;
mod rows;
mod support;
mod tables;
#[cfg(feature = "postgres")]
#[path = "../two_nodes/mod.rs"]
mod two_nodes;
mod urls;
