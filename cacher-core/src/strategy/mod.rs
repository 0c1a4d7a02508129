//! Decisions, made without acting: time is an argument, nothing waits, nothing is read or written.

pub mod life;
