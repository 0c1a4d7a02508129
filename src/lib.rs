#![doc = include_str!("../README.md")]

#[cfg(feature = "metrics")]
pub use cacher_core::companion::publish_metrics;
pub use cacher_core::schema::Schema;
pub use cacher_core::{
    cache::{Explanation, Info, Outlook, Source},
    companion::{
        AnswerStream, Answers, AsyncEntries, AsyncEntry, AsyncHandle, AsyncRevisedEntry, Entries, Entry, Handle,
        LocalEntries, LocalEntry, RevisedEntry, caches, configuration, invalidate_tag, invalidate_tag_async,
        invalidate_tags, invalidate_tags_async,
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
    previous::{Previous, previous},
    registered::{Registered, register, registered},
    schema,
    scope::{CallOptions, Scope, bypass, no_older_than, only_if_cached, read_only, refresh, with},
    secret::{add_decryption_key, set_secret_key},
    settings::{self, Settings, configure},
    site::Site,
    stats::Stats,
    strategy, testkit as testing,
    wrap::background::{Guard, shutdown, shutdown_async, shutdown_within},
};
pub use cacher_macros::{Schema, cache, invalidates, updates};

/// The contract of a store, the stores that come with the library, and wrappers around stores.
pub mod backend {
    pub use cacher_core::{backend::*, wrap::*};
}
mod formats;
mod schemes;

#[doc(hidden)]
pub mod __private {
    pub use cacher_core::rt::*;

    pub use crate::{
        format_encrypt, format_json, format_lz4, format_msgpack, format_npy, format_postcard, format_raw, format_zlib,
        format_zstd, scheme_file, scheme_json, scheme_lmdb, scheme_memcached, scheme_memory, scheme_mongodb,
        scheme_mysql, scheme_null, scheme_postgres, scheme_redis, scheme_rediss, scheme_sqlite,
    };
}
