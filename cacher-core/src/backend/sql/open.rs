//! Tables by URL.

use std::{borrow::Cow, str::FromStr, time::Duration};

use sqlx::ConnectOptions;

use super::{
    super::{
        driven::Driven,
        local::Opened,
        url::{self, Url},
    },
    Sql,
    driver::Speak,
    pool::{OptionsOf, Pool},
    statements::{Dialect, Statements},
    table::Table,
};
use crate::{
    error::{Error, Kind, Result},
    sync::Arc,
    units,
};

const TABLE: &str = "cacher_entries";
const TIMEOUT: Duration = Duration::from_secs(1);
const CONNECTIONS: usize = 8;
/// More are a mistake: servers take some hundreds of all their clients.
const MOST_CONNECTIONS: usize = 1000;
/// Parameters that are ours; the others are for who connects.
const OURS: [&str; 4] = ["table", "format", "timeout", "connections"];

impl Sql {
    /// A table of a database on a server:
    ///
    /// | URL | |
    /// |---|---|
    /// | `postgres://user[:password]@host[:5432]/database` | PostgreSQL; needs the feature `postgres` |
    /// | `mysql://user[:password]@host[:3306]/database` | MySQL or MariaDB; needs the feature `mysql` |
    ///
    /// Parameters of both: `table` (`cacher_entries`: letters, digits and `_`, at most 64, of PostgreSQL 59, no digit
    /// first), `format`, `timeout`, how long connecting and an operation may take (1 s), and `connections`, how many
    /// there are at most (8). PostgreSQL takes `sslmode`, `sslrootcert`, `options`, and `host`, the directory of a
    /// socket; MySQL takes `ssl-mode`, `ssl-ca`, and `socket`, the path of one. Both speak TLS where the server does,
    /// and insist on it, and on its certificate, as the mode says (`require`, `verify-full`; `REQUIRED`,
    /// `VERIFY_IDENTITY`). PostgreSQL takes `coherence=off`, which all who share the table should say: others are told
    /// of no changes then, and memory in front goes without news of theirs.
    ///
    /// What a URL of PostgreSQL leaves out is taken from where its other clients find it (`PGPASSWORD`, `~/.pgpass`).
    /// A pooler between must keep prepared statements apart, as PgBouncer does since 1.21; for news it must leave
    /// sessions their connections too (`pool_mode=session`).
    ///
    /// Nothing is connected before the first operation, which makes the table if it is missing.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let parsed = Url::parse(url)?;
        Self::of(&parsed, url).map_err(|error| error.within(url::redact(url)))
    }

    /// The table of this URL that the functions of this process share.
    pub(crate) fn shared(url: &str) -> Result<Arc<Driven<Self>>> {
        static OPENED: Opened<String, Driven<Sql>> = Opened::new();
        OPENED.get_or_open(url.to_owned(), || Self::from_url(url).map(Driven::new))
    }

    fn of(url: &Url<'_>, text: &str) -> Result<Self> {
        match url.scheme {
            #[cfg(feature = "postgres")]
            "postgres" => Self::on::<sqlx::Postgres>(url, text, &["sslmode", "sslrootcert", "options", "host"]),
            #[cfg(feature = "mysql")]
            "mysql" => Self::on::<sqlx::MySql>(url, text, &["ssl-mode", "ssl-ca", "socket"]),
            #[cfg(not(feature = "postgres"))]
            "postgres" => Err(invalid("`postgres://` needs the feature `postgres` of cacher")),
            #[cfg(not(feature = "mysql"))]
            "mysql" => Err(invalid("`mysql://` needs the feature `mysql` of cacher")),
            other => Err(invalid(format!("there is no server `{other}://`"))),
        }
    }

    fn on<D: Speak>(url: &Url<'_>, text: &str, theirs: &[&str]) -> Result<Self> {
        let news: &[_] = if D::DIALECT.tells.is_some() { &["coherence"] } else { &[] };
        url.only(&[&OURS, theirs, news].concat())?;
        let coherent = url.is_coherent()?;
        let table = table(url.get("table").unwrap_or(TABLE), D::DIALECT)?;
        let (timeout, connections) = (timeout(url)?, connections(url)?);
        let format = match url.get("format") {
            Some("") => return Err(invalid("the format is missing: write `format=msgpack`")),
            format => format.map(|format| Cow::Owned(format.to_owned())),
        };
        let place = text.split('?').next().unwrap_or_default();
        if url.rest.split_once('/').is_none_or(|(_, database)| database.is_empty()) {
            return Err(invalid(format!("the database is missing: write `{}://user@host/database`", url.scheme)));
        }
        let options = OptionsOf::<D>::from_str(&format!("{place}?{}", kept(text, theirs)));
        let options = options.map_err(|error| invalid("this is no address of a server").caused_by(error))?;
        let options = options.disable_statement_logging();
        let news = if coherent { D::news(&table, &options, timeout) } else { None };
        let driver = Pool::<D>::new(options, connections, timeout);
        let url = format!("{}?table={table}", url::redact(place));
        let table = Table::new(Box::new(driver), Statements::of(D::DIALECT, &table, coherent), news);
        Ok(Self { table: Arc::new(table), url, timeout, format })
    }
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Invalid, message)
}

/// The parameters for who connects, as they were written.
fn kept(url: &str, names: &[&str]) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let name = |pair: &str| url::decode(pair.split('=').next().unwrap_or_default()).unwrap_or_default();
    let kept: Vec<_> = query.split('&').filter(|pair| names.contains(&name(pair).as_str())).collect();
    kept.join("&")
}

/// The name of a table as servers compare it.
fn table(name: &str, dialect: &Dialect) -> Result<String> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let most = dialect.longest_table;
    if plain && !name.is_empty() && name.len() <= most && !name.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(name.to_ascii_lowercase());
    }
    Err(invalid(format!("invalid table name `{name}`: write letters, digits and `_`, at most {most}, no digit first")))
}

fn timeout(url: &Url<'_>) -> Result<Duration> {
    let Some(timeout) = url.get("timeout") else { return Ok(TIMEOUT) };
    units::duration(timeout)
        .filter(|timeout| !timeout.is_zero())
        .ok_or_else(|| invalid(format!("`timeout={timeout}` is no time: write `timeout=500ms`")))
}

fn connections(url: &Url<'_>) -> Result<usize> {
    let Some(connections) = url.get("connections") else { return Ok(CONNECTIONS) };
    connections.parse().ok().filter(|number| (1..=MOST_CONNECTIONS).contains(number)).ok_or_else(|| {
        invalid(format!("`connections={connections}` is no number from 1 to {MOST_CONNECTIONS}: write `connections=8`"))
    })
}
