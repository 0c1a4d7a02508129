//! The runtime of the `cacher` attribute. Applications use the `cacher` crate.

pub mod backend;
pub mod entry;
pub mod error;
