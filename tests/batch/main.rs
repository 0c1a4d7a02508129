//! Functions over many items, through the public surface.
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unwrap_used,
    clippy::used_underscore_binding,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod basics;
mod cases;
mod loading;
mod mended;
mod shapes;
mod stores;
