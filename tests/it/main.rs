//! End to end, through the facade.
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unchecked_time_subtraction,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
#![allow(
#![expect(clippy::unwrap_used, clippy::option_option, clippy::items_after_statements, reason = "all of it is tests")]
)]

mod callables;
mod cases;
mod common;
mod expiry;
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
