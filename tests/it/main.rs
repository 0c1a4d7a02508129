//! End to end, through the facade.

mod callables;
mod flights;
mod reentrancy;
mod support;
