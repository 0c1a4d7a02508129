//! Values in memory: typed, and with no need of serde.

pub(crate) mod expiry;
pub mod held;
pub mod slot;
pub mod table;
pub mod weight;
