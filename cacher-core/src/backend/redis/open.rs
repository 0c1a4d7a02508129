//! Servers by URL.

use std::{borrow::Cow, time::Duration};

use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use super::{
    super::{
        driven::Driven,
        local::Opened,
        url::{self, Url},
    },
    Redis,
    fault::fault,
    link::Link,
};
use crate::{
    error::{Error, Kind, Result},
    sync::Arc,
    units,
};

/// Whom to connect to.
pub(super) enum Target {
    Server(Server),
    Cluster(Vec<ConnectionInfo>),
    Sentinels(Sentinels),
}

/// A server, and the path of the certificate that signs its own, if the system does not trust it anyway.
pub(super) struct Server {
    pub(super) info: ConnectionInfo,
    pub(super) certificate: Option<String>,
}

impl Server {
    /// The same server, to be spoken to so.
    pub(super) fn speaking(&self, protocol: ProtocolVersion) -> Self {
        let settings = self.info.redis_settings().clone().set_protocol(protocol);
        Self { info: self.info.clone().set_redis_settings(settings), certificate: self.certificate.clone() }
    }
}

/// Those who know the primary, and how to speak to it.
pub(super) struct Sentinels {
    pub(super) nodes: Vec<ConnectionInfo>,
    pub(super) primary: String,
    pub(super) redis: RedisConnectionInfo,
}

const TIMEOUT: Duration = Duration::from_secs(1);

impl Redis {
    /// A server, and whatever else a URL says:
    ///
    /// | URL | |
    /// |---|---|
    /// | `redis://[user:password@]host[:6379][/0]` | a server, and the number of a database |
    /// | `rediss://..` | the same by TLS; needs the feature `redis_tls`; `?ca=path` is a PEM file of who signs its certificate |
    /// | `redis+unix:///path/to/socket` | a server on this machine; `?db=1`, `user=..`, `pass=..` |
    /// | `redis-cluster://[user:password@]host:port,host:port` | some nodes of a cluster |
    /// | `redis-sentinel://[user:password@]host:port,host:port/name[/0]` | sentinels, and what they call the primary |
    ///
    /// Parameters of all: `format`, and `timeout`, how long connecting and an operation may take (1 s). Of all but a
    /// cluster: `coherence=off`, which lets memory in front go without news of changes by others, and the server be
    /// older than Redis 6.
    ///
    /// Nothing is connected before the first operation.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let parsed = Url::parse(url)?;
        Self::of(&parsed, url).map_err(|error| error.within(url::redact(url)))
    }

    /// The server of this URL that the functions of this process share.
    pub(crate) fn shared(url: &str) -> Result<Arc<Driven<Self>>> {
        static OPENED: Opened<String, Driven<Redis>> = Opened::new();
        OPENED.get_or_open(url.to_owned(), || Self::from_url(url).map(Driven::new))
    }

    fn of(url: &Url<'_>, text: &str) -> Result<Self> {
        url.only(match url.scheme {
            "redis+unix" => &["format", "timeout", "coherence", "db", "user", "pass"],
            "rediss" => &["format", "timeout", "coherence", "ca"],
            "redis-cluster" => &["format", "timeout"],
            _ => &["format", "timeout", "coherence"],
        })?;
        let coherent = url.is_coherent()?;
        let timeout = match url.get("timeout") {
            None => TIMEOUT,
            Some(timeout) => units::duration(timeout).filter(|timeout| !timeout.is_zero()).ok_or_else(|| {
                Error::new(Kind::Invalid, format!("`timeout={timeout}` is no time: write `timeout=500ms`"))
            })?,
        };
        let format = url.get("format").map(|format| Cow::Owned(format.to_owned()));
        let target = target(url)?;
        let place = url::redact(text.split('?').next().unwrap_or_default());
        let url = match url.get("db").map(|db| db.trim_start_matches('0')) {
            None | Some("") => place,
            Some(db) => format!("{place}?db={db}"),
        };
        Ok(Self { link: Arc::new(Link::new(target, timeout)), coherent, url, timeout, format })
    }
}

fn target(url: &Url<'_>) -> Result<Target> {
    match url.scheme {
        "redis" => server(url, info(&format!("redis://{}", url.rest))?),
        "rediss" if cfg!(feature = "redis_tls") => server(url, info(&format!("rediss://{}", url.rest))?),
        "rediss" => Err(Error::new(Kind::Invalid, "`rediss://` needs the feature `redis_tls` of cacher")),
        "redis+unix" => server(url, socket(url)?),
        "redis-cluster" => {
            let (user, hosts) = user(url.rest);
            nodes(user, hosts).map(Target::Cluster)
        }
        "redis-sentinel" => sentinels(url.rest).map(Target::Sentinels),
        other => Err(Error::new(Kind::Invalid, format!("there is no server `{other}://`"))),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "beside those that may fail")]
fn server(url: &Url<'_>, info: ConnectionInfo) -> Result<Target> {
    Ok(Target::Server(Server { info, certificate: url.get("ca").map(str::to_owned) }))
}

/// `user:password@`, if that is there, and what stands behind it.
fn user(rest: &str) -> (&str, &str) {
    rest.split_at(rest.rfind('@').map_or(0, |at| at + 1))
}

fn info(url: &str) -> Result<ConnectionInfo> {
    url.into_connection_info().map_err(fault)
}

fn nodes(user: &str, hosts: &str) -> Result<Vec<ConnectionInfo>> {
    if hosts.contains('/') {
        return Err(Error::new(
            Kind::Invalid,
            "a cluster has no databases: write `redis-cluster://host:port,host:port`",
        ));
    }
    hosts.split(',').map(|host| info(&format!("redis://{user}{host}"))).collect()
}

fn sentinels(rest: &str) -> Result<Sentinels> {
    let (user, rest) = user(rest);
    let missing =
        || Error::new(Kind::Invalid, "the primary has a name: write `redis-sentinel://host:port,host:port/name`");
    let (hosts, primary) = rest.split_once('/').ok_or_else(missing)?;
    let (primary, database) = primary.split_once('/').unwrap_or((primary, "0"));
    if primary.is_empty() {
        return Err(missing());
    }
    // How to speak to the primary, whose address is not known yet.
    let redis = info(&format!("redis://{user}primary/{database}"))?.redis_settings().clone();
    Ok(Sentinels { nodes: nodes("", hosts)?, primary: url::decode(primary)?, redis })
}

fn socket(url: &Url<'_>) -> Result<ConnectionInfo> {
    if !url.rest.starts_with('/') {
        return Err(Error::new(Kind::Invalid, "the path is missing: write `redis+unix:///path/to/socket`"));
    }
    let mut redis = RedisConnectionInfo::default();
    if let Some(db) = url.get("db") {
        let db = db.parse().map_err(|_| Error::new(Kind::Invalid, format!("`db={db}` is no number of a database")))?;
        redis = redis.set_db(db);
    }
    if let Some(user) = url.get("user") {
        redis = redis.set_username(user);
    }
    if let Some(password) = url.get("pass") {
        redis = redis.set_password(password);
    }
    let info = info(&format!("redis+unix://{}", url.rest))?;
    Ok(info.set_redis_settings(redis))
}
