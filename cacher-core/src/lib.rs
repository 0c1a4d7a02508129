//! The runtime of the `cacher` attribute. Applications use the `cacher` crate.

pub mod backend;
mod bridge;
pub mod cache;
mod chain;
mod claims;
pub mod clock;
pub mod code;
pub mod codec;
pub mod companion;
pub mod core;
#[doc(hidden)]
pub mod demand;
pub mod direct;
pub mod entry;
pub mod envelope;
pub mod error;
pub mod fault;
mod fence;
pub mod flight;
pub mod format;
mod gate;
#[cfg_attr(not(feature = "json"), allow(dead_code, reason = "only readable entries use it"))]
mod hex;
mod interned;
pub mod key;
pub mod keyer;
pub mod memory;
pub mod modified;
mod observe;
mod place;
mod portable;
pub mod previous;
pub mod registered;
mod registry;
pub mod returns;
#[doc(hidden)]
pub mod rt;
pub mod schema;
pub mod scope;
pub mod secret;
pub mod settings;
pub mod site;
pub mod stats;
pub mod strategy;
mod sync;
#[doc(hidden)]
pub mod tags;
pub mod testkit;
pub mod tier;
pub mod time;
mod timer;
mod units;
mod url;
mod work;
pub mod wrap;
