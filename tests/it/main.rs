//! End to end, through the facade.
#![expect(clippy::unwrap_used, clippy::option_option, clippy::items_after_statements, reason = "all of it is tests")]

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
