//! End to end, through the facade.

mod callables;
mod cases;
mod common;
mod files;
mod gated;
mod peers;
mod processes;
mod stores;
