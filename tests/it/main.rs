//! End to end, through the facade.

mod callables;
mod files;
mod flights;
mod gated;
mod names;
mod reentrancy;
mod stores;
mod support;
