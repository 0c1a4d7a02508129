//! End to end, through the facade.
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unchecked_time_subtraction,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod callables;
mod expiry;
mod fence;
mod flights;
mod reentrancy;
mod scopes;
mod support;
