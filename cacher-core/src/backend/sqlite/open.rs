//! Opening a table: from a path or from a URL.

use std::{
    borrow::Cow,
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension};

use super::{Sqlite, connections::Connections, sql::Statements};
use crate::{
    backend::{
        Durability,
        local::{self, Opened, Place},
        url::{self, Url},
    },
    error::{Error, Kind, Result},
    sync::Arc,
};

/// The databases of this process. Connections sync alike, so those of one durability are shared.
static DATABASES: Opened<(PathBuf, Durability), Connections> = Opened::new();

/// A table of a database that is yet to be opened.
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    path: PathBuf,
    table: Cow<'static, str>,
    durability: Durability,
    format: Cow<'static, str>,
}

impl Sqlite {
    /// The table `cacher` of the database at `path`, which is made if it is missing, with the directories above it.
    /// A relative path is taken from the current directory, now.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::at(path).open()
    }

    /// A table of the database at `path`, to be described further and [opened](Options::open).
    pub fn at(path: impl Into<PathBuf>) -> Options {
        Options {
            path: local::absolute(path.into()),
            table: Cow::Borrowed("cacher"),
            durability: Durability::default(),
            format: Cow::Borrowed("msgpack"),
        }
    }

    /// Opens `sqlite:///abs/path.db` or `sqlite://./path.db`, with the parameters `table`, `format` and `durability`
    /// (`process` or `power`).
    ///
    /// Everything between `//` and `?` is the path, with `%XX` for a byte.
    ///
    /// # Errors
    /// [`Kind::Invalid`], saying what is wrong with the URL; else as [`Options::open`].
    pub fn from_url(url: &str) -> Result<Self> {
        let open = |url: &Url<'_>| {
            let Place { path, durability, format } = Place::of(url, "sqlite", &["table", "format", "durability"])?;
            let mut options = Self::at(path).durability(durability);
            options.format = format.unwrap_or(options.format);
            options.table = url.get("table").map_or(options.table, |table| Cow::Owned(table.to_owned()));
            options.open()
        };
        open(&Url::parse(url)?).map_err(|error| error.within(url::redact(url)))
    }
}

impl Options {
    /// The table, by default `cacher`: letters, digits and `_`, at most 64, no digit first. Case does not matter.
    pub fn table(self, table: impl Into<Cow<'static, str>>) -> Self {
        Self { table: table.into(), ..self }
    }

    /// What a write survives; by default the death of the process.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// The format of entries; by default `msgpack`.
    pub fn format(self, format: impl Into<Cow<'static, str>>) -> Self {
        Self { format: format.into(), ..self }
    }

    /// Opens the database and makes what is missing of it.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the name of the table is no name, if a table of that name is not ours, or if the file is
    /// no database; [`Kind::Unavailable`] if it can't be opened or is busy for more than five seconds.
    pub fn open(self) -> Result<Sqlite> {
        let table = checked(&self.table)?;
        if self.path.ends_with(":memory:") {
            let message = "SQLite in memory goes with its connection: write `memory://?format=msgpack`";
            return Err(Error::new(Kind::Invalid, message));
        }
        let unmade = |error| {
            let message = format!("can't make {}", self.path.display());
            Error::new(Kind::Unavailable, message).caused_by(error)
        };
        let path = make(&self.path).map_err(unmade)?;
        let place = (path.clone(), self.durability);
        let connections = DATABASES.get_or_open(place, || Connections::open(&path, self.durability))?;
        let statements = Arc::new(Statements::of(&table));
        if !connections.transact(|connection| make_table(connection, &table, &statements))? {
            let message = format!("the table `{table}` of this database is not a cache: choose another name");
            return Err(Error::new(Kind::Invalid, message));
        }
        Ok(Sqlite { connections, statements, path, table, format: self.format })
    }
}

/// The name of a table as SQLite compares it.
fn checked(table: &str) -> Result<String> {
    let plain = table.len() <= 64 && table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let lower = table.to_ascii_lowercase();
    if plain && !lower.starts_with(|first: char| first.is_ascii_digit()) && !lower.is_empty() && !reserved(&lower) {
        return Ok(lower);
    }
    let message = format!("invalid table name `{table}`: write letters, digits and `_`, at most 64, no digit first");
    Err(Error::new(Kind::Invalid, message))
}

fn reserved(table: &str) -> bool {
    table.starts_with("sqlite_")
}

/// Makes the file, for our user's eyes only, and returns its one name.
fn make(path: &Path) -> io::Result<PathBuf> {
    local::make_parent(path)?;
    local::private().create(true).truncate(false).open(path)?;
    local::real(path)
}

/// Makes the table if it is missing; says whether it is as we make it.
fn make_table(connection: &Connection, table: &str, statements: &Statements) -> rusqlite::Result<bool> {
    let query = "SELECT sql FROM sqlite_schema WHERE lower(name) = ?1";
    let found: Option<Option<String>> = connection.query_row(query, [table], |row| row.get(0)).optional()?;
    match found {
        None => connection.execute_batch(&statements.create)?,
        Some(sql) if sql.as_ref() == Some(&statements.create) => {}
        Some(_) => return Ok(false),
    }
    connection.execute_batch(&statements.create_index)?;
    Ok(true)
}
