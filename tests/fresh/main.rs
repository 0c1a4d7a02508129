//! Values that stay useful while their source is slow, down or wrong, through the public surface.
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod ages;
mod deadlines;
mod explained;
mod failing;
mod guarded;
mod isolated;
mod negative;
mod options;
mod recorded;
mod renewing;
mod revalidated;
mod source;
mod tags;

#[path = "../it/gated.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod gated;
#[path = "../it/support.rs"]
#[allow(dead_code, unused_macros, unused_imports, reason = "other tests use the rest")]
mod support;
