//! Backends from URLs.

use crate::{
    backend::{bytes::Bytes, null::Null, url::Url},
    error::{Error, Kind, Result},
    memory::table::Bound,
    sync::Arc,
    tier::{FromUrl, IntoBackend, Made, Opening},
    units,
};

impl IntoBackend<FromUrl> for &str {
    fn into_backend(self) -> Result<Made> {
        let url = Url::parse(self)?;
        match url.scheme {
            "memory" if url.get("format").is_some() => Bytes::of(&url)?.into_backend(),
            "memory" => memory(&url).map(Made::Memory),
            "null" => Null::from_url(self)?.into_backend(),
            #[cfg(feature = "file")]
            "file" => crate::backend::file::Files::from_url(self)?.into_backend(),
            #[cfg(feature = "json_file")]
            "json" => crate::backend::json_file::JsonFile::from_url(self)?.into_backend(),
            #[cfg(feature = "sqlite")]
            "sqlite" => crate::backend::sqlite::Sqlite::from_url(self)?.into_backend(),
            #[cfg(feature = "lmdb")]
            "lmdb" => crate::backend::lmdb::Lmdb::from_url(self)?.into_backend(),
            #[cfg(feature = "redis")]
            "redis" | "rediss" | "redis+unix" | "redis-cluster" | "redis-sentinel" => {
                crate::backend::redis::Redis::shared(self)?.into_backend()
            }
            #[cfg(feature = "mongodb")]
            "mongodb" => crate::backend::mongodb::MongoDb::shared(self)?.into_backend(),
            other => Err(unknown(other)),
        }
        .map_err(|error| error.within(crate::backend::url::redact(self)))
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

fn unknown(scheme: &str) -> Error {
    let text = match scheme {
        "file" | "sqlite" | "lmdb" | "mongodb" => format!("`{scheme}://` needs the feature `{scheme}` of cacher"),
        "redis" | "redis+unix" | "redis-cluster" | "redis-sentinel" => {
            format!("`{scheme}://` needs the feature `redis` of cacher")
        }
        "rediss" => "`rediss://` needs the feature `redis_tls` of cacher".to_owned(),
        "json" => "`json://` needs the feature `json_file` of cacher".to_owned(),
        _ => format!(
            "there is no store `{scheme}://`; there are: memory, file, json, sqlite, lmdb, redis, mongodb, null"
        ),
    };
    Error::new(Kind::Invalid, text)
}

/// `memory://`, `memory://?capacity=1000`, `memory://?max_bytes=64MiB`
fn memory(url: &Url<'_>) -> Result<Bound> {
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
