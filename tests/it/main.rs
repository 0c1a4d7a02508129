//! End to end, through the facade.

mod callables;
mod cases;
mod common;
mod fence;
mod files;
mod flights;
mod gated;
mod names;
mod peers;
mod processes;
mod reentrancy;
mod scopes;
mod stores;
mod support;
