//! End to end, through the facade.

mod callables;
mod cases;
mod common;
mod files;
mod flights;
mod gated;
mod names;
mod peers;
mod processes;
mod reentrancy;
mod stores;
mod support;
