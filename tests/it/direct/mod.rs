//! Caches without a function. The acceptance cases of four Python libraries that are about plain caches bear their
//! numbers; each runs on every backend, sync and async: what is on this machine, and each kind of server.
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
mod levels;
#[cfg(feature = "redis")]
mod on_redis;
mod racing;
mod servers;
mod storing;
mod walking;
mod workload;

use std::hash::Hash;

use ::cacher::{Cache, testing::TempDir};
use serde::{Serialize, de::DeserializeOwned};

use crate::places::{placed, server_of};

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
pub(crate) const REDIS: &[&str] = &["{redis}/8?timeout=10s"];
#[cfg(feature = "redis")]
pub(crate) const MEMORY_BEFORE_REDIS: &[&str] = &["memory://", "{redis}/8?timeout=10s"];
#[cfg(feature = "redis")]
pub(crate) const REDIS_UNIX: &[&str] = &["{redis_unix}?db=8&timeout=10s"];
#[cfg(feature = "redis_tls")]
pub(crate) const REDIS_TLS: &[&str] = &["{redis_tls}&timeout=10s"];
#[cfg(feature = "redis")]
pub(crate) const REDIS_CLUSTER: &[&str] = &["{redis_cluster}?timeout=10s"];
#[cfg(feature = "redis")]
pub(crate) const REDIS_SENTINEL: &[&str] = &["{redis_sentinel}?timeout=10s"];
#[cfg(feature = "memcached")]
pub(crate) const MEMCACHED: &[&str] = &["{memcached}?timeout=10s"];
#[cfg(feature = "memcached")]
pub(crate) const MEMCACHED_TWO: &[&str] = &["{memcached_two}?timeout=10s"];
#[cfg(feature = "postgres")]
pub(crate) const POSTGRES: &[&str] = &["{postgres}?table=direct&timeout=10s"];
#[cfg(feature = "mysql")]
pub(crate) const MARIADB: &[&str] = &["{mariadb}?table=direct&timeout=10s"];
#[cfg(feature = "mongodb")]
pub(crate) const MONGODB: &[&str] = &["{mongodb}&collection=direct&timeout=10s"];

/// A cache with these backends; `None` without the server that one of them needs.
#[track_caller]
pub(crate) fn open<K, V>(urls: &[&str], dir: &TempDir) -> Option<Cache<K, V>>
where
    K: Hash + Eq + Clone + Send + Sync + Serialize + 'static,
    V: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let path = dir.path().display().to_string();
    let server = urls.iter().find_map(|url| server_of(url));
    // What others share is told apart by the name.
    let name = server.map_or_else(|| "direct".to_owned(), |server| format!("direct::{server}::{path}"));
    let urls: Vec<_> = urls.iter().map(|url| placed(&url.replace("{}", &path))).collect::<Option<_>>()?;
    Some(urls.into_iter().fold(Cache::builder().name(name), ::cacher::CacheBuilder::backend).build().unwrap())
}

/// Whether a server removes what has expired by a clock of its own, which no test moves.
pub(crate) fn has_own_clock(name: &str) -> bool {
    name.contains("redis") || name.contains("memcached")
}

/// Takes from a server what the test has put there, when it ends, and fails if the server did.
pub(crate) struct Tidied(Box<dyn Fn()>);

impl Tidied {
    pub(crate) fn after<K, V>(cache: &Cache<K, V>) -> Self
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let cache = cache.clone();
        Self(Box::new(move || {
            if cache.name() != "direct" && !std::thread::panicking() {
                cache.clear();
                // Memcached was asked for its length.
                let bears = cache.name().contains("memcached");
                assert!(bears || cache.stats().store_errors == 0, "{:?}", cache.stats());
            }
        }))
    }
}

impl Drop for Tidied {
    fn drop(&mut self) {
        self.0();
    }
}

/// A test once for each backend and shell, under a clock that is moved by hand. `$now!(..)` is what an operation comes
/// to: what it returns, or what its future does; `$body!(..)` is a body of a load.
macro_rules! on_every_cache {
    ($(#[$doc:meta])* $name:ident: |$cache:ident: $type:ty, $clock:ident, $now:ident $(, $body:ident)?| $test:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every test needs all")]
            use super::*;
            use $crate::direct;

            fn on_blocking(urls: &[&str]) {
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
                let opened: Option<$type> = direct::open(urls, &dir);
                let Some($cache) = opened else { return };
                let _tidied = direct::Tidied::after(&$cache);
                $test
            }

            #[tokio::main(flavor = "current_thread")]
            async fn on_nonblocking(urls: &[&str]) {
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
                let opened: Option<$type> = direct::open(urls, &dir);
                let Some($cache) = opened else { return };
                let _tidied = direct::Tidied::after(&$cache);
                let $cache = $cache.nonblocking();
                $test
            }

            $crate::direct::both_shells! {
                memory: MEMORY,
                json: JSON,
                msgpack: MSGPACK,
                memory_before_json: MEMORY_BEFORE_JSON,
                bytes: BYTES,
                bytes_before_json: BYTES_BEFORE_JSON,
                #[cfg(feature = "json_file")]
                json_file: JSON_FILE,
                #[cfg(feature = "sqlite")]
                sqlite: SQLITE,
                #[cfg(feature = "lmdb")]
                lmdb: LMDB,
                #[cfg(feature = "redis")]
                redis: REDIS,
                #[cfg(feature = "redis")]
                memory_before_redis: MEMORY_BEFORE_REDIS,
                #[cfg(feature = "redis")]
                redis_unix: REDIS_UNIX,
                #[cfg(feature = "redis_tls")]
                redis_tls: REDIS_TLS,
                #[cfg(feature = "redis")]
                redis_cluster: REDIS_CLUSTER,
                #[cfg(feature = "redis")]
                redis_sentinel: REDIS_SENTINEL,
                #[cfg(feature = "memcached")]
                memcached: MEMCACHED,
                #[cfg(feature = "memcached")]
                memcached_two: MEMCACHED_TWO,
                #[cfg(feature = "postgres")]
                postgres: POSTGRES,
                #[cfg(feature = "mysql")]
                mariadb: MARIADB,
                #[cfg(feature = "mongodb")]
                mongodb: MONGODB,
            }
        }
    };
}

/// The tests of a case: its code is there once for each shell, whatever the number of backends.
macro_rules! both_shells {
    ($($(#[$on:meta])? $backend:ident: $urls:ident,)*) => {$(
        $(#[$on])?
        mod $backend {
            #[test]
            fn blocking() {
                super::on_blocking($crate::direct::$urls);
            }

            #[test]
            fn nonblocking() {
                super::on_nonblocking($crate::direct::$urls);
            }
        }
    )*};
}

pub(crate) use both_shells;
pub(crate) use on_every_cache;

mod prelude {
    pub(super) use std::time::Duration;

    pub(super) use ::cacher::{
        Cache, Kind, Removal,
        testing::{ManualClock, TempDir},
    };

    pub(super) use super::{has_own_clock, on_every_cache};
    pub(super) use crate::places::counted;

    pub(super) const SECOND: Duration = Duration::from_secs(1);
    pub(super) const MINUTE: Duration = Duration::from_secs(60);
}
