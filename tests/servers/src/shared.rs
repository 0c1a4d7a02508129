//! The addresses of the servers that all tests share, which `scripts/servers env` exports.

use std::env;

use crate::lacking;

macro_rules! shared {
    ($($(#[$docs:meta])* $name:ident = $variable:literal;)*) => {$(
        $(#[$docs])*
        ///
        /// # Panics
        /// Where there is none and `CI` is set; elsewhere it's `None`.
        #[must_use]
        pub fn $name() -> Option<String> {
            lacking::or_skipped(env::var($variable).ok(), $variable)
        }
    )*};
}

shared! {
    /// A Redis, as `redis://host:port`.
    redis = "CACHER_TEST_REDIS";
    /// The same Redis by its socket, as `redis+unix:///path`.
    redis_unix = "CACHER_TEST_REDIS_UNIX";
    /// The same Redis by TLS, as `rediss://localhost:port?ca=path`.
    redis_tls = "CACHER_TEST_REDIS_TLS";
    /// A replica of that Redis, which refuses to be written to.
    redis_replica = "CACHER_TEST_REDIS_REPLICA";
    /// A sentinel with its primary and a replica, as `redis-sentinel://host:port/primary`.
    redis_sentinel = "CACHER_TEST_REDIS_SENTINEL";
    /// The three primaries of a cluster, each of which has a replica, as `redis-cluster://a,b,c`.
    redis_cluster = "CACHER_TEST_REDIS_CLUSTER";
    /// A memcached, as `memcached://host:port`.
    memcached = "CACHER_TEST_MEMCACHED";
    /// Two of them, as `memcached://a,b`.
    memcached_two = "CACHER_TEST_MEMCACHED_TWO";
    /// A third one by its socket, as `memcached+unix:///path`.
    memcached_unix = "CACHER_TEST_MEMCACHED_UNIX";
    /// A database in PostgreSQL, as `postgres://user@host:port/database`.
    postgres = "CACHER_TEST_POSTGRES";
    /// A database in MariaDB, as `mysql://user:password@host:port/database`.
    mariadb = "CACHER_TEST_MARIADB";
    /// A MongoDB that is a replica set of one, so that it has transactions.
    mongodb = "CACHER_TEST_MONGODB";
}
