//! Stores of every kind, for tests that run on all of them: `{redis}/8` is a URL with the server's address to be put in.

use std::sync::Arc;

use cacher::backend::Backend;

/// The URLs of the servers that there are, each at a place where only tests of this program put something.
pub(crate) fn servers() -> Vec<String> {
    SERVERS.iter().filter_map(|url| placed(url)).collect()
}

const SERVERS: &[&str] = &[
    #[cfg(feature = "redis")]
    "{redis}/8?timeout=10s",
    #[cfg(feature = "redis")]
    "{redis_unix}?db=9&timeout=10s",
    #[cfg(feature = "redis_tls")]
    "{redis_tls}&timeout=10s",
    #[cfg(feature = "redis")]
    "{redis_cluster}?timeout=10s",
    #[cfg(feature = "redis")]
    "{redis_sentinel}?timeout=10s",
    #[cfg(feature = "memcached")]
    "{memcached}?timeout=10s",
    #[cfg(feature = "memcached")]
    "{memcached_two}?timeout=10s",
    #[cfg(feature = "memcached")]
    "{memcached_unix}?timeout=10s",
    #[cfg(feature = "postgres")]
    "{postgres}?table=it&timeout=10s",
    #[cfg(feature = "mysql")]
    "{mariadb}?table=it&timeout=10s",
    #[cfg(feature = "mongodb")]
    "{mongodb}&collection=it&timeout=10s",
];

/// The server that a URL names, as `redis` in `{redis}/8`.
pub(crate) fn server_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once('{')?;
    rest.split_once('}').map(|(server, _)| server).filter(|server| !server.is_empty())
}

/// The URL with the address of its server, if that runs.
#[track_caller]
pub(crate) fn placed(url: &str) -> Option<String> {
    let Some(server) = server_of(url) else { return Some(url.to_owned()) };
    let address = match server {
        "redis" => cacher_servers::redis(),
        "redis_unix" => cacher_servers::redis_unix(),
        "redis_tls" => cacher_servers::redis_tls(),
        "redis_cluster" => cacher_servers::redis_cluster(),
        "redis_sentinel" => cacher_servers::redis_sentinel(),
        "memcached" => cacher_servers::memcached(),
        "memcached_two" => cacher_servers::memcached_two(),
        "memcached_other" => {
            cacher_servers::memcached_two().and_then(|both| Some(format!("memcached://{}", both.split_once(',')?.1)))
        }
        "memcached_unix" => cacher_servers::memcached_unix(),
        "postgres" => cacher_servers::postgres(),
        "mariadb" => cacher_servers::mariadb(),
        "mongodb" => cacher_servers::mongodb(),
        _ => panic!("no server is called {server}"),
    }?;
    Some(url.replacen(&format!("{{{server}}}"), &address, 1))
}

/// What `len` says of so many entries at this URL: memcached does not count them.
pub(crate) fn counted(url: &str, entries: u64) -> u64 {
    if url.contains("memcached") { 0 } else { entries }
}

/// The store at a URL.
#[track_caller]
pub(crate) fn store(url: &str) -> Arc<dyn Backend> {
    use cacher::backend::*;
    match url.split(':').next().unwrap_or_default() {
        "memory" => Arc::new(bytes::Bytes::from_url(url).unwrap()),
        "file" => Arc::new(file::Files::from_url(url).unwrap()),
        #[cfg(feature = "json_file")]
        "json" => Arc::new(json_file::JsonFile::from_url(url).unwrap()),
        #[cfg(feature = "sqlite")]
        "sqlite" => Arc::new(sqlite::Sqlite::from_url(url).unwrap()),
        #[cfg(feature = "lmdb")]
        "lmdb" => Arc::new(lmdb::Lmdb::from_url(url).unwrap()),
        #[cfg(feature = "memcached")]
        "memcached" | "memcached+unix" => Arc::new(driven::Driven::new(memcached::Memcached::from_url(url).unwrap())),
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        "postgres" | "mysql" => Arc::new(driven::Driven::new(sql::Sql::from_url(url).unwrap())),
        #[cfg(feature = "mongodb")]
        "mongodb" => Arc::new(driven::Driven::new(mongodb::MongoDb::from_url(url).unwrap())),
        #[cfg(feature = "redis")]
        _ => Arc::new(driven::Driven::new(redis::Redis::from_url(url).unwrap())),
        #[cfg(not(feature = "redis"))]
        _ => panic!("no store is at {url}"),
    }
}
