#![doc = include_str!("../README.md")]

#[cfg(feature = "metrics")]
pub use cacher_core::companion::publish_metrics;
pub use cacher_core::{
    cache::{Explanation, Info, Source},
    companion::{
        AsyncEntry, AsyncHandle, AsyncRevisedEntry, Entry, Handle, LocalEntry, RevisedEntry, caches, configuration,
    },
    core::Removal,
    direct::{AsKey, AsyncCache, Cache, CacheBuilder},
    error::{self, Error, Kind},
    fault::{Fault, on_fault},
    format,
    key::secret::Wipe,
    keyer,
    memory::weight::Weigh,
    modified::{Modified, modified},
    registered::{Registered, register, registered},
    scope::{Scope, bypass, only_if_cached, read_only, refresh},
    secret::{add_decryption_key, set_secret_key},
    settings::{self, Settings, configure},
    site::Site,
    stats::Stats,
    strategy, testkit as testing,
    wrap::background::{Guard, shutdown, shutdown_within},
};
pub use cacher_macros::cache;

/// The contract of a store, the stores that come with the library, and wrappers around stores.
pub mod backend {
    pub use cacher_core::{backend::*, wrap::*};
}
mod formats;

#[doc(hidden)]
pub mod __private {
    pub use cacher_core::rt::*;

    pub use crate::{
        format_encrypt, format_json, format_lz4, format_msgpack, format_npy, format_postcard, format_raw, format_zlib,
        format_zstd, scheme_file, scheme_json, scheme_lmdb, scheme_memory, scheme_null, scheme_sqlite,
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "file")]
macro_rules! scheme_file {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "file"))]
macro_rules! scheme_file {
    () => {
        ::core::compile_error!("`file://` needs the feature `file` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "json_file")]
macro_rules! scheme_json {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "json_file"))]
macro_rules! scheme_json {
    () => {
        ::core::compile_error!("`json://` needs the feature `json_file` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "sqlite")]
macro_rules! scheme_sqlite {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "sqlite"))]
macro_rules! scheme_sqlite {
    () => {
        ::core::compile_error!("`sqlite://` needs the feature `sqlite` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "lmdb")]
macro_rules! scheme_lmdb {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "lmdb"))]
macro_rules! scheme_lmdb {
    () => {
        ::core::compile_error!("`lmdb://` needs the feature `lmdb` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "json")]
macro_rules! format_json {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "json"))]
macro_rules! format_json {
    () => {
        ::core::compile_error!("`format=json` needs the feature `json` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "msgpack")]
macro_rules! format_msgpack {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "msgpack"))]
macro_rules! format_msgpack {
    () => {
        ::core::compile_error!(
            "`format=msgpack` needs the feature `msgpack` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! scheme_null {
    () => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! scheme_memory {
    () => {};
}
