//! Collections by URL.

use std::{borrow::Cow, time::Duration};

use mongodb::options::{Acknowledgment, ClientOptions, ConnectionString};

use super::{
    super::{
        driven::Driven,
        local::Opened,
        url::{self, Url},
    },
    MongoDb,
    fault::fault,
    link::Link,
};
use crate::{
    bridge,
    error::{Error, Kind, Result},
    sync::Arc,
    units,
};

const OURS: [&str; 3] = ["collection", "format", "timeout"];
const DRIVERS: [&str; 22] = [
    "appName",
    "authMechanism",
    "authSource",
    "directConnection",
    "heartbeatFrequencyMS",
    "journal",
    "loadBalanced",
    "localThresholdMS",
    "maxConnecting",
    "maxIdleTimeMS",
    "maxPoolSize",
    "minPoolSize",
    "readConcernLevel",
    "replicaSet",
    "retryReads",
    "retryWrites",
    "tls",
    "tlsAllowInvalidCertificates",
    "tlsCAFile",
    "tlsCertificateKeyFile",
    "w",
    "wtimeoutMS",
];

const TIMEOUT: Duration = Duration::from_secs(1);
const COLLECTION: &str = "cacher";
/// With that of the database, a name has 255 bytes at most.
const LONGEST_NAME: usize = 64;

impl MongoDb {
    /// A collection by `mongodb://[user:password@]host[:27017][,host..]/database?..`:
    ///
    /// | parameter | | default |
    /// |---|---|---|
    /// | `collection` | letters, digits and `_`, at most 64, no digit first | `cacher` |
    /// | `format` | how entries are written | `msgpack` |
    /// | `timeout` | how long choosing a server, connecting, and an operation may take | `1s` |
    ///
    /// These mean what they mean to MongoDB, and are written as here: `appName`, `authMechanism`, `authSource`,
    /// `directConnection`, `heartbeatFrequencyMS`, `journal`, `loadBalanced`, `localThresholdMS`, `maxConnecting`,
    /// `maxIdleTimeMS`, `maxPoolSize`, `minPoolSize`, `readConcernLevel`, `replicaSet`, `retryReads`, `retryWrites`, `tls`,
    /// `tlsAllowInvalidCertificates`, `tlsCAFile`, `tlsCertificateKeyFile`, `w` (not 0: nobody would know what is
    /// stored), `wtimeoutMS`.
    ///
    /// Nothing is connected before the first operation.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let parsed = Url::parse(url)?;
        Self::of(&parsed, url).map_err(|error| error.within(url::redact(url)))
    }

    /// The collection of this URL that the functions of this process share.
    pub(crate) fn shared(url: &str) -> Result<Arc<Driven<Self>>> {
        static OPENED: Opened<String, Driven<MongoDb>> = Opened::new();
        OPENED.get_or_open(url.to_owned(), || Self::from_url(url).map(Driven::new))
    }

    fn of(url: &Url<'_>, text: &str) -> Result<Self> {
        if url.scheme != "mongodb" {
            return Err(invalid(format!("this store is mongodb://, not {}://", url.scheme)));
        }
        url.only(&[&OURS[..], &DRIVERS].concat())?;
        let collection = collection(url.get("collection").unwrap_or(COLLECTION))?;
        let timeout = timeout(url)?;
        let format = match url.get("format") {
            Some("") => return Err(invalid("the format is missing: write `format=msgpack`")),
            format => format.map(|format| Cow::Owned(format.to_owned())),
        };
        let options = options(text, timeout)?;
        let Some(database) = options.default_database.clone() else {
            return Err(invalid("the database is missing: write `mongodb://user@host/database`"));
        };
        let place = text.split('?').next().unwrap_or_default();
        let url = format!("{}?collection={collection}", url::redact(place));
        Ok(Self { link: Arc::new(Link::new(options, database, collection)), url, timeout, format })
    }
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Invalid, message)
}

fn options(url: &str, timeout: Duration) -> Result<ClientOptions> {
    let parsed = ConnectionString::parse(without_ours(url)).map_err(fault)?;
    // Ready at once: only names that stand for many hosts are looked up here.
    let mut options = bridge::block_on(async { ClientOptions::parse(parsed).await }).map_err(fault)?;
    let unanswered = Acknowledgment::Nodes(0);
    if options.write_concern.as_ref().is_some_and(|concern| concern.w.as_ref() == Some(&unanswered)) {
        return Err(invalid("with `w=0` nobody would know what is stored: write `w=1`"));
    }
    // A little less, so that it is said why there was no answer.
    options.server_selection_timeout = Some(timeout * 9 / 10);
    options.connect_timeout = Some(timeout);
    Ok(options)
}

/// The URL with the parameters that the driver knows.
fn without_ours(url: &str) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let name = |pair: &str| url::decode(pair.split('=').next().unwrap_or_default()).unwrap_or_default();
    let theirs = query.split('&').filter(|pair| !pair.is_empty() && !OURS.contains(&name(pair).as_str()));
    format!("{place}?{}", theirs.collect::<Vec<_>>().join("&"))
}

fn collection(name: &str) -> Result<String> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let long = name.is_empty() || name.len() > LONGEST_NAME;
    if plain && !long && !name.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(name.to_owned());
    }
    Err(invalid(format!(
        "invalid collection name `{name}`: write letters, digits and `_`, at most {LONGEST_NAME}, no digit first"
    )))
}

fn timeout(url: &Url<'_>) -> Result<Duration> {
    let Some(timeout) = url.get("timeout") else { return Ok(TIMEOUT) };
    units::duration(timeout)
        .filter(|timeout| !timeout.is_zero())
        .ok_or_else(|| invalid(format!("`timeout={timeout}` is no time: write `timeout=500ms`")))
}
