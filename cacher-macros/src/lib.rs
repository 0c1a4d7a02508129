//! The attribute of the `cacher` crate.
