//! Backends from URLs.

use std::time::Duration;

use crate::{
    backend::{bytes::Bytes, null::Null, url::Url},
    error::{Error, Kind, Result},
    memory::table::Bound,
    sync::Arc,
    tier::{self, FromUrl, IntoBackend, Made, Opening, What},
    units,
    wrap::limited::{Eviction, Limits},
};

impl IntoBackend<FromUrl> for &str {
    fn into_backend(self) -> Result<Made> {
        let ttl = ttl(&Url::parse(self)?).map_err(|error| error.within(crate::backend::url::redact(self)))?;
        let without = without(self, &["ttl"]);
        let url = Url::parse(&without)?;
        let made = match url.scheme {
            "memory" if url.get("format").is_none() => memory(&url).map(Made::memory),
            "null" => Null::from_url(&without)?.into_backend(),
            scheme if tier::is_outlined() => limits(&url).and_then(|limits| {
                let what = What::Store(Arc::new(outline(scheme, &url)?), limits);
                Ok(Made { what, ttl })
            }),
            #[cfg(feature = "redis")]
            "redis" | "rediss" | "redis+unix" | "redis-cluster" | "redis-sentinel" => {
                crate::backend::redis::Redis::shared(&without)?.into_backend()
            }
            #[cfg(feature = "postgres")]
            "postgres" => crate::backend::sql::Sql::shared(&without)?.into_backend(),
            #[cfg(feature = "mysql")]
            "mysql" => crate::backend::sql::Sql::shared(&without)?.into_backend(),
            #[cfg(feature = "memcached")]
            "memcached" | "memcached+unix" => crate::backend::memcached::Memcached::shared(&without)?.into_backend(),
            #[cfg(feature = "mongodb")]
            "mongodb" => crate::backend::mongodb::MongoDb::shared(&without)?.into_backend(),
            scheme => limits(&url).and_then(|limits| {
                let made = store(scheme, &self::without(&without, &LIMITS))?;
                let what = match made.what {
                    What::Store(store, _) => What::Store(store, limits),
                    memory @ What::Memory(_) => memory,
                };
                Ok(Made { what, ..made })
            }),
        };
        made.map(|made| Made { ttl, ..made }).map_err(|error| error.within(crate::backend::url::redact(self)))
    }

    fn into_opening(self) -> Result<Opening> {
        let url = self.to_owned();
        Ok(Arc::new(move || url.as_str().into_backend()))
    }
}

impl IntoBackend<FromUrl> for String {
    fn into_backend(self) -> Result<Made> {
        self.as_str().into_backend()
    }

    fn into_opening(self) -> Result<Opening> {
        self.as_str().into_opening()
    }
}

impl IntoBackend<FromUrl> for &String {
    fn into_backend(self) -> Result<Made> {
        self.as_str().into_backend()
    }

    fn into_opening(self) -> Result<Opening> {
        self.as_str().into_opening()
    }
}

/// A store that can have limits, by its URL without them.
fn store(scheme: &str, url: &str) -> Result<Made> {
    match scheme {
        "memory" => Bytes::from_url(url)?.into_backend(),
        #[cfg(feature = "file")]
        "file" => crate::backend::file::Files::from_url(url)?.into_backend(),
        #[cfg(feature = "json_file")]
        "json" => crate::backend::json_file::JsonFile::from_url(url)?.into_backend(),
        #[cfg(feature = "sqlite")]
        "sqlite" => crate::backend::sqlite::Sqlite::from_url(url)?.into_backend(),
        #[cfg(feature = "lmdb")]
        "lmdb" => crate::backend::lmdb::Lmdb::from_url(url)?.into_backend(),
        other => Err(unknown(other)),
    }
}

/// Memory in the format of a store.
fn outline(scheme: &str, url: &Url<'_>) -> Result<Bytes> {
    let bytes = match scheme {
        "file" | "json" => Bytes::new().preferring("json"),
        "memory" | "sqlite" | "lmdb" | "redis" | "rediss" | "redis+unix" | "redis-cluster" | "redis-sentinel"
        | "memcached" | "memcached+unix" | "postgres" | "mysql" | "mongodb" => Bytes::new(),
        other => return Err(unknown(other)),
    };
    Ok(match url.get("format") {
        Some(format) => bytes.format(format.to_owned()),
        None => bytes,
    })
}

/// The parameters that every such store has.
const LIMITS: [&str; 3] = ["capacity", "max_bytes", "eviction"];

/// `?capacity=1000&max_bytes=64MiB&eviction=fifo`
fn limits(url: &Url<'_>) -> Result<Limits> {
    let mut limits = Limits::new();
    if let Some(most) = url.get("capacity") {
        limits = limits.entries(bound(most.parse().ok(), "capacity", most)?);
    }
    if let Some(most) = url.get("max_bytes") {
        limits = limits.bytes(bound(units::size(most), "max_bytes", most)?);
    }
    if let Some(name) = url.get("eviction") {
        limits = limits.eviction(Eviction::named(name).ok_or_else(|| {
            let text = format!("there is no order `{name}`; there are: lru, fifo, lfu, lifo, random");
            Error::new(Kind::Invalid, text)
        })?);
    }
    Ok(limits)
}

/// `?ttl=30s`: how long values live there at most, whatever the function says.
fn ttl(url: &Url<'_>) -> Result<Option<Duration>> {
    let Some(ttl) = url.get("ttl") else { return Ok(None) };
    match units::duration(ttl).filter(|ttl| !ttl.is_zero()) {
        Some(ttl) => Ok(Some(ttl)),
        None => Err(Error::new(Kind::Invalid, format!("`ttl={ttl}` is no time to live: write `ttl=30s`"))),
    }
}

/// The URL without these parameters.
fn without(url: &str, parameters: &[&str]) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let is_meant = |pair: &str| parameters.contains(&pair.split('=').next().unwrap_or(pair));
    let rest: Vec<_> = query.split('&').filter(|pair| !is_meant(pair)).collect();
    if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) }
}

fn unknown(scheme: &str) -> Error {
    let text = match scheme {
        "file" | "sqlite" | "lmdb" | "postgres" | "mysql" | "mongodb" => {
            format!("`{scheme}://` needs the feature `{scheme}` of cacher")
        }
        "redis" | "redis+unix" | "redis-cluster" | "redis-sentinel" => {
            format!("`{scheme}://` needs the feature `redis` of cacher")
        }
        "memcached" | "memcached+unix" => format!("`{scheme}://` needs the feature `memcached` of cacher"),
        "rediss" => "`rediss://` needs the feature `redis_tls` of cacher".to_owned(),
        "json" => "`json://` needs the feature `json_file` of cacher".to_owned(),
        _ => format!(
            "there is no store `{scheme}://`; there are: memory, file, json, sqlite, lmdb, redis, memcached, postgres, \
             mysql, mongodb, null"
        ),
    };
    Error::new(Kind::Invalid, text)
}

/// `memory://`, `memory://?capacity=1000`, `memory://?max_bytes=64MiB`
fn memory(url: &Url<'_>) -> Result<Bound> {
    if url.get("eviction").is_some() {
        let text = "typed memory has an order of its own: leave `eviction` out, or write `memory://?format=msgpack&..` \
                    for memory that keeps bytes";
        return Err(Error::new(Kind::Invalid, text));
    }
    url.only(&["capacity", "max_bytes"])?;
    match url.parameters.as_slice() {
        [] => Ok(Bound::Unbounded),
        [(name, most)] if name == "capacity" => bound(most.parse().ok(), name, most).map(Bound::Entries),
        [(name, most)] => bound(units::size(most), name, most).map(Bound::Bytes),
        _ => Err(Error::new(Kind::Invalid, "memory is bound by `capacity` or by `max_bytes`: give one of them")),
    }
}

fn bound(number: Option<u64>, name: &str, text: &str) -> Result<u64> {
    number.filter(|number| *number > 0).ok_or_else(|| {
        Error::new(Kind::Invalid, format!("`{name}={text}` is no bound: write `capacity=1000` or `max_bytes=64MiB`"))
    })
}
