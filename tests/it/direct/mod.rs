//! Caches without a function. The acceptance cases of four Python libraries that are about plain caches bear their
//! numbers; each runs on every backend, sync and async.
//!
//! | case | there | here |
//! |---|---|---|
//! | CTY-37 | deleting an absent item is an error | `delete` returns `false` |
//! | CTY-40 | a client is closed by its context manager, and an async one is no sync one | a cache goes with its last clone: `cme_59_cty_40`; any cache is both |
//! | CTU-8 | a fresh hit rate is 0 | `cch_5` |
//! | CCH-2 | an absent key is an error or a marker | `None` |

mod building;
mod cache_tools;
mod cacheme;
mod cacher;
mod cachetory;
mod laws;
mod racing;
mod storing;
mod walking;

use std::hash::Hash;

use ::cacher::{Cache, testing::TempDir};
use serde::{Serialize, de::DeserializeOwned};

/// What the tables below put in place of `{}` is the directory of the test.
pub(crate) const MEMORY: &[&str] = &[];
pub(crate) const JSON: &[&str] = &["file://{}"];
pub(crate) const MSGPACK: &[&str] = &["file://{}?format=msgpack"];
pub(crate) const MEMORY_BEFORE_JSON: &[&str] = &["memory://", "file://{}"];
pub(crate) const BYTES: &[&str] = &["memory://?format=json"];
pub(crate) const BYTES_BEFORE_JSON: &[&str] = &["memory://?format=msgpack", "file://{}"];
#[cfg(feature = "json_file")]
pub(crate) const JSON_FILE: &[&str] = &["json://{}/cache.json"];
#[cfg(feature = "sqlite")]
pub(crate) const SQLITE: &[&str] = &["sqlite://{}/cache.db?table=posts"];
#[cfg(feature = "lmdb")]
pub(crate) const LMDB: &[&str] = &["lmdb://{}"];
#[cfg(feature = "redis")]
pub(crate) const REDIS: &[&str] = &["{redis}/8"];
#[cfg(feature = "redis")]
pub(crate) const MEMORY_BEFORE_REDIS: &[&str] = &["memory://", "{redis}/8"];

/// A cache with these backends; `None` without the server that one of them needs.
#[track_caller]
pub(crate) fn open<K, V>(urls: &[&str], dir: &TempDir) -> Option<Cache<K, V>>
where
    K: Hash + Eq + Clone + Send + Sync + Serialize + 'static,
    V: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let path = dir.path().display().to_string();
    // What others share is told apart by the name.
    let shared = urls.iter().any(|url| url.contains("{redis}"));
    let server = if shared { cacher_servers::redis()? } else { String::new() };
    let name = if shared { format!("direct::{path}") } else { "direct".to_owned() };
    let urls = urls.iter().map(|url| url.replace("{redis}", &server).replace("{}", &path));
    Some(urls.fold(Cache::builder().name(name), ::cacher::CacheBuilder::backend).build().unwrap())
}

/// A test once for each backend and shell, under a clock that is moved by hand. `$now!(..)` is what an operation comes
/// to: what it returns, or what its future does; `$body!(..)` is a body of a load.
macro_rules! on_every_cache {
    ($(#[$doc:meta])* $name:ident: |$cache:ident: $type:ty, $clock:ident, $now:ident $(, $body:ident)?| $test:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every test needs all")]
            use super::*;
            use $crate::direct::{self, on_cache};
            on_cache!(memory MEMORY ($cache: $type, $clock, $now $(, $body)?) $test);
            on_cache!(json JSON ($cache: $type, $clock, $now $(, $body)?) $test);
            on_cache!(msgpack MSGPACK ($cache: $type, $clock, $now $(, $body)?) $test);
            on_cache!(memory_before_json MEMORY_BEFORE_JSON ($cache: $type, $clock, $now $(, $body)?) $test);
            on_cache!(bytes BYTES ($cache: $type, $clock, $now $(, $body)?) $test);
            on_cache!(bytes_before_json BYTES_BEFORE_JSON ($cache: $type, $clock, $now $(, $body)?) $test);
            #[cfg(feature = "json_file")]
            on_cache!(json_file JSON_FILE ($cache: $type, $clock, $now $(, $body)?) $test);
            #[cfg(feature = "sqlite")]
            on_cache!(sqlite SQLITE ($cache: $type, $clock, $now $(, $body)?) $test);
            #[cfg(feature = "lmdb")]
            on_cache!(lmdb LMDB ($cache: $type, $clock, $now $(, $body)?) $test);
            #[cfg(feature = "redis")]
            on_cache!(redis REDIS ($cache: $type, $clock, $now $(, $body)?) $test);
            #[cfg(feature = "redis")]
            on_cache!(memory_before_redis MEMORY_BEFORE_REDIS ($cache: $type, $clock, $now $(, $body)?) $test);
        }
    };
}

macro_rules! on_cache {
    ($backend:ident $urls:ident ($cache:ident: $type:ty, $clock:ident, $now:ident $(, $body:ident)?) $test:block) => {
        mod $backend {
            #[allow(unused_imports, reason = "not every test needs all")]
            use super::*;

            #[test]
            fn blocking() {
                #[allow(unused_macros, reason = "not every test needs it")]
                macro_rules! $now {
                    ($operation:expr) => {
                        $operation
                    };
                }
                $(macro_rules! $body {
                    ($load:expr) => {
                        || $load
                    };
                })?
                let ($clock, dir) = (ManualClock::new(), TempDir::new());
                let _in_force = $clock.enter();
                let opened: Option<$type> = direct::open(direct::$urls, &dir);
                let Some($cache) = opened else { return };
                $test
            }

            #[tokio::test]
            async fn nonblocking() {
                #[allow(unused_macros, reason = "not every test needs it")]
                macro_rules! $now {
                    ($operation:expr) => {
                        $operation.await
                    };
                }
                $(macro_rules! $body {
                    ($load:expr) => {
                        async { $load }
                    };
                })?
                let ($clock, dir) = (ManualClock::new(), TempDir::new());
                let _in_force = $clock.enter();
                let opened: Option<$type> = direct::open(direct::$urls, &dir);
                let Some($cache) = opened else { return };
                let $cache = $cache.nonblocking();
                $test
            }
        }
    };
}

pub(crate) use on_cache;
pub(crate) use on_every_cache;

mod prelude {
    pub(super) use std::time::Duration;

    pub(super) use ::cacher::{
        Cache, Kind, Removal,
        testing::{ManualClock, TempDir},
    };

    pub(super) use super::on_every_cache;

    pub(super) const SECOND: Duration = Duration::from_secs(1);
    pub(super) const MINUTE: Duration = Duration::from_secs(60);
}
