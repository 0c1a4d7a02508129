//! End to end, through the facade.

mod callables;
mod fence;
mod flights;
mod reentrancy;
mod scopes;
mod support;
