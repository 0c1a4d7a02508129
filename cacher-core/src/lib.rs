//! The runtime of the `cacher` attribute. Applications use the `cacher` crate.

pub mod backend;
mod bridge;
pub mod cache;
mod chain;
mod claims;
pub mod clock;
pub mod codec;
pub mod companion;
pub mod core;
#[doc(hidden)]
pub mod demand;
pub mod entry;
pub mod envelope;
pub mod error;
pub mod fault;
mod fence;
pub mod flight;
pub mod format;
mod hex;
pub mod key;
pub mod memory;
mod observe;
mod place;
mod registry;
pub mod returns;
#[doc(hidden)]
pub mod rt;
pub mod scope;
pub mod settings;
pub mod site;
pub mod stats;
pub mod strategy;
mod sync;
pub mod testkit;
pub mod tier;
pub mod time;
mod timer;
mod units;
mod url;
