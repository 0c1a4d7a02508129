//! Backends around backends: each adds one thing to the store inside, and keeps its contract.

pub mod prefixed;
