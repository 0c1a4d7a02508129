//! Stores and formats that make trouble, under functions with every policy: no caller sees an error of theirs, a wrong
//! value, or one that is older than the policies allow, and all is well again when the trouble is over.
//!
//! `CACHER_TEST_SEED=17` tries that seed alone.
#![allow(
    clippy::items_after_statements,
    clippy::needless_for_each,
    clippy::unwrap_used,
    reason = "tests read better so, and unwrap in what they share too"
)]

mod hangs;
mod late;
mod matrix;
mod scene;
mod source;
mod walk;

#[path = "../batch_model/random.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod random;
#[path = "../it/support.rs"]
#[allow(dead_code, unused_macros, unused_imports, reason = "other tests use the rest")]
mod support;
