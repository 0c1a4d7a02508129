//! Wrappers: each keeps the contract of a store, and adds what it says.
#![allow(
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod archived;
mod background;
mod limited;
mod prefixed;
mod revised;
mod watched;

use cacher_core::backend::Key;

/// The key of a function's entry.
fn key(name: &str) -> Key {
    Key { namespace: "app::fetch".into(), name: name.into(), format: "json" }
}
