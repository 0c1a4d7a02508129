//! The acceptance cases taken from four Python libraries. A test bears the number of its case.
//!
//! What was an exception there and cannot be written here is a test in `tests/ui`:
//!
//! | case | there | here |
//! |---|---|---|
//! | CCH-16 | an argument that cannot be a key | `argument_not_hashable`, `argument_not_serialize` |
//! | CCH-20 | a hash that is unknown | `keyer_unknown` |
//! | CTU-20 | a method to cache that is missing | `#[cache]` stands on the method: `block_without_cached_methods`, `ignore_unknown` |
//! | CTU-43 | a method to prefix that is missing | as CTU-20; prefixes are paths: `ctu_44` |
//! | CTU-23 | a format that is unknown | `url_format_unknown`; and at run time, below |
//! | CCH-68 | all of CCH-1 to 8 on LMDB and Redis | `lmdb` and `redis` of `cch_01` to `cch_08`, here and in `direct` |
//! | CTY-62 | an async function in place of a TTL | never waited for: `ttl_closure_of_wrong_type` |

mod cache_tools;
mod cacheme;
mod cacher;
mod cachetory;
mod identity;
mod keyers;

/// Declares a function and a test of it once for each backend: memory, files of either format, memory before files,
/// bytes in memory, plain and encrypted, and each store that is built in; of servers, Redis.
///
/// In the test `RUNS` counts the runs of the body, and `DIR` is the directory of the files.
macro_rules! on_every_backend {
    ($(#[$doc:meta])* $name:ident: $($rest:tt)*) => {
        $(#[$doc])*
        mod $name {
            use super::*;
            $crate::cases::on_local_backends!($($rest)*);
            #[cfg(feature = "redis")]
            $crate::cases::on_backend!(redis ($crate::cases::on_redis(&DIR)) if ($crate::cases::has_redis()) $($rest)*);
        }
    };
}

/// The same without servers.
macro_rules! on_this_machine {
    ($(#[$doc:meta])* $name:ident: $($rest:tt)*) => {
        $(#[$doc])*
        mod $name {
            use super::*;
            $crate::cases::on_local_backends!($($rest)*);
        }
    };
}

macro_rules! on_local_backends {
    ($($rest:tt)*) => {
        $crate::cases::on_backend!(memory ("memory://") $($rest)*);
        $crate::cases::on_backend!(json (Files::new(DIR.get().unwrap())) $($rest)*);
        $crate::cases::on_backend!(msgpack (Files::new(DIR.get().unwrap()).format("msgpack")) $($rest)*);
        $crate::cases::on_backend!(memory_before_json (["memory://", Files::new(DIR.get().unwrap())]) $($rest)*);
        $crate::cases::on_backend!(bytes ("memory://?format=json") $($rest)*);
        #[cfg(all(feature = "zstd", feature = "encrypt"))]
        $crate::cases::on_backend!(encrypted ($crate::cases::encrypted()) $($rest)*);
        #[cfg(feature = "json_file")]
        $crate::cases::on_backend!(json_file (crate::cases::store_url("json", &DIR, "/cache.json")) $($rest)*);
        #[cfg(feature = "sqlite")]
        $crate::cases::on_backend!(sqlite (crate::cases::store_url("sqlite", &DIR, "/cache.db?table=posts")) $($rest)*);
        #[cfg(feature = "lmdb")]
        $crate::cases::on_backend!(lmdb (crate::cases::store_url("lmdb", &DIR, "")) $($rest)*);
    };
}

/// The same for files alone.
macro_rules! on_files {
    ($(#[$doc:meta])* $name:ident: $($rest:tt)*) => {
        $(#[$doc])*
        mod $name {
            use super::*;
            $crate::cases::on_backend!(json (Files::new(DIR.get().unwrap())) $($rest)*);
            $crate::cases::on_backend!(msgpack (Files::new(DIR.get().unwrap()).format("msgpack")) $($rest)*);
        }
    };
}

macro_rules! on_backend {
    (
        $backend:ident ($($store:tt)*) $(if ($condition:expr))?
        #[cache($($arguments:tt)*)]
        $(#[$attribute:meta])*
        fn $function:ident($($parameters:tt)*) -> $output:ty { $($body:tt)* }
        $test:block
    ) => {
        #[test]
        fn $backend() {
            static RUNS: AtomicU64 = AtomicU64::new(0);
            static DIR: OnceLock<PathBuf> = OnceLock::new();
            #[cache(backend = $($store)*, $($arguments)*)]
            $(#[$attribute])*
            fn $function($($parameters)*) -> $output {
                RUNS.fetch_add(1, SeqCst);
                $($body)*
            }
            $(if !$condition {
                return;
            })?
            let dir = TempDir::new();
            DIR.set(dir.path().to_owned()).unwrap();
            $test
        }
    };
    (
        $backend:ident ($($store:tt)*) $(if ($condition:expr))?
        #[cache($($arguments:tt)*)]
        $(#[$attribute:meta])*
        async fn $function:ident($($parameters:tt)*) -> $output:ty { $($body:tt)* }
        $test:block
    ) => {
        #[tokio::test]
        async fn $backend() {
            static RUNS: AtomicU64 = AtomicU64::new(0);
            static DIR: OnceLock<PathBuf> = OnceLock::new();
            #[cache(backend = $($store)*, $($arguments)*)]
            $(#[$attribute])*
            async fn $function($($parameters)*) -> $output {
                RUNS.fetch_add(1, SeqCst);
                $($body)*
            }
            $(if !$condition {
                return;
            })?
            let dir = TempDir::new();
            DIR.set(dir.path().to_owned()).unwrap();
            $test
        }
    };
}

pub(crate) use on_backend;
pub(crate) use on_every_backend;
pub(crate) use on_files;
pub(crate) use on_local_backends;
pub(crate) use on_this_machine;

/// A store that shows nothing of what is in it. The secret key is that of all tests.
#[cfg(all(feature = "zstd", feature = "encrypt"))]
pub(crate) fn encrypted() -> &'static str {
    ::cacher::set_secret_key([7; 32]).unwrap();
    "memory://?format=msgpack+zstd+encrypt"
}

/// The URL of a store in the directory of a test.
#[cfg(any(feature = "json_file", feature = "sqlite", feature = "lmdb"))]
pub(crate) fn store_url(scheme: &str, dir: &std::sync::OnceLock<std::path::PathBuf>, rest: &str) -> String {
    format!("{scheme}://{}{rest}", dir.get().unwrap().display())
}

/// A part of the shared Redis that has the name of the directory of a test.
#[cfg(feature = "redis")]
pub(crate) fn on_redis(dir: &std::sync::OnceLock<std::path::PathBuf>) -> ::cacher::backend::prefixed::Prefixed {
    let url = crate::places::placed("{redis}/8?timeout=10s").expect("a server");
    let prefix = format!("{}.", dir.get().unwrap().display());
    ::cacher::backend::prefixed::Prefixed::shared(crate::places::store(&url), prefix)
}

#[cfg(feature = "redis")]
pub(crate) fn has_redis() -> bool {
    cacher_servers::redis().is_some()
}

/// What the tests of [`on_backend`] name.
mod prelude {
    pub(super) use std::{
        path::PathBuf,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering::SeqCst},
        },
        time::Duration,
    };

    pub(super) use ::cacher::{
        Removal,
        backend::file::Files,
        cache,
        testing::{ManualClock, TempDir},
    };

    pub(super) use super::{on_every_backend, on_files, on_this_machine};
}
