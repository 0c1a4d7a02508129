//! What identifies a call: borrowed for the lookup, owned in memory, encoded in a store.

pub mod arg;
pub mod encode;
pub mod part;
pub mod parts;
pub mod secret;
