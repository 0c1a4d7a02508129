//! What tests need: a clock that is moved by hand.
pub use crate::clock::ManualClock;
