//! Real servers for tests. Linux only, as `scripts/servers` is.
//!
//! Most tests take the address of a server that all share, and keys, tables or databases of their own there:
//!
//! ```no_run
//! let Some(url) = cacher_servers::redis() else { return };
//! ```
//!
//! Where the server is missing, a test fails if `CI` is set in the environment, and else says so and is skipped.
//!
//! A test of what happens when a server fails takes one of its own, on a port and in a directory of its own, which goes
//! with the value; or puts a [`Proxy`] in front of any server:
//!
//! ```no_run
//! use cacher_servers::{Proxy, Redis};
//!
//! let Some(redis) = Redis::private() else { return };
//! redis.stop();
//! redis.start();
//!
//! let proxy = Proxy::before(redis.address());
//! proxy.cut_after(10);
//! ```
//!
//! What goes wrong in here is a panic, as in any test.

mod account;
mod lacking;
mod memcached;
mod port;
mod probe;
mod program;
mod proxy;
mod redis;
mod resp;
mod sentinel;
mod server;
mod shared;
mod signal;
mod stores;

pub use self::{
    memcached::{Memcached, memcached_stats},
    probe::Probe,
    proxy::Proxy,
    redis::Redis,
    resp::{Reply, Resp},
    sentinel::Sentinel,
    server::Server,
    shared::{
        mariadb, memcached, memcached_two, memcached_unix, mongodb, postgres, redis, redis_cluster, redis_replica,
        redis_sentinel, redis_tls, redis_unix,
    },
    stores::{MariaDb, MongoDb, Postgres},
};
