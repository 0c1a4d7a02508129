//! The stores on SQL servers, against real ones.
#![cfg(any(feature = "postgres", feature = "mysql"))]

mod contract;
mod failing;
mod keys;
mod refused;
mod rows;
mod support;
mod tables;
mod urls;
