//! End to end, through the facade.

mod callables;
mod files;
