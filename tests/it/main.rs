//! End to end, through the facade.

mod callables;
mod fence;
mod files;
mod flights;
mod gated;
mod names;
mod reentrancy;
mod scopes;
mod stores;
mod support;
