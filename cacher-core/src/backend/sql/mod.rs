//! The stores `postgres://` and `mysql://`: one row for each entry, in a table of a database on a server.
//!
//! ```sql
//! CREATE TABLE cacher_entries (
//!     k BYTEA PRIMARY KEY,        -- `namespace|format|name`; VARBINARY(512) in MySQL
//!     v BYTEA NOT NULL,           -- LONGBLOB
//!     exp BIGINT                  -- milliseconds since the Unix epoch; NULL is never
//! );
//! CREATE INDEX cacher_entries_exp ON cacher_entries (exp) WHERE exp IS NOT NULL;
//! ```

use std::{
    borrow::Cow,
    collections::HashMap,
    time::{Duration, SystemTime},
};

use self::{
    batch::Batch,
    statements::{PAGE, STEP, Statement, Value},
    table::Table,
};
use super::{
    Capabilities, Key, Put, Scanned,
    driven::{AsyncBackend, Page},
    flat,
};
use crate::{entry::Stamp, error::Result, sync::Arc};

mod batch;
mod driver;
mod fault;
#[cfg(feature = "mysql")]
mod mysql;
mod open;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod statements;
mod table;

/// A table of a PostgreSQL, MySQL or MariaDB server.
///
/// It is made with the first operation, unless it is there: then the account needs no right to make one. Everything
/// else of the database is left alone. Operations share some connections, which are made when they are needed, and
/// again when they are lost.
///
/// Every operation is atomic but `clear`, which removes some hundred rows at a time; `put_many` puts all or none, and
/// `put_if_absent` replaces what has expired. What a server has confirmed is as durable as its own settings say.
/// Expired rows stay until a function with this table sweeps those of its own; those of functions that are no more
/// go by `DELETE FROM cacher_entries WHERE exp < ..`. Times are those of the processes, whose clocks should agree.
///
/// MySQL takes entries up to its `max_allowed_packet`, PostgreSQL up to 1 GB; larger ones are
/// [rejected](crate::error::Kind::Rejected), as is all that a server does not do (read-only, full, over its time).
///
/// The features `postgres` and `mysql` need Rust 1.94.
///
/// ```no_run
/// use cacher_core::backend::sql::Sql;
///
/// let store = Sql::from_url("postgres://app:password@localhost/app?table=posts&timeout=500ms")?;
/// let other = Sql::from_url("mysql://app:password@localhost/app?connections=4")?;
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Sql {
    table: Arc<Table>,
    url: String,
    timeout: Duration,
    /// The one that was chosen.
    format: Option<Cow<'static, str>>,
}

/// The longest key, which any index takes.
const LONGEST_KEY: usize = 512;

fn flat_key(key: &Key) -> String {
    flat::key(key, LONGEST_KEY)
}

fn milliseconds(time: SystemTime) -> i64 {
    i64::try_from(Stamp::from(time).0).unwrap_or(i64::MAX)
}

fn time(time: Option<SystemTime>) -> Value<'static> {
    Value::Number(time.map(milliseconds))
}

fn now() -> Value<'static> {
    time(Some(SystemTime::now()))
}

fn bytes(text: &str) -> Value<'_> {
    Value::Bytes(text.as_bytes())
}

/// The keys of a namespace: from the first text to before the second.
fn range(namespace: &str) -> (String, String) {
    let start = flat::prefix(namespace, LONGEST_KEY);
    let mut end = start.clone();
    // The letter behind the one that ends a prefix.
    end.pop();
    end.push('}');
    (start, end)
}

impl AsyncBackend for Sql {
    fn describe(&self) -> String {
        self.url.clone()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            put_if_absent: true,
            touch: true,
            clear: true,
            scan: true,
            durable: true,
            shared: true,
            ..Capabilities::default()
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let mut rows = self.table.read(&self.table.statements.get, vec![bytes(&flat_key(key))]).await?;
        Ok(rows.pop().and_then(|mut row| row.pop()))
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let key = flat_key(key);
        let values = vec![bytes(&key), Value::Bytes(entry), time(expires)];
        self.table.write(&self.table.statements.put, values).await.map(drop)
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        let removed = self.table.write(&self.table.statements.remove, vec![bytes(&flat_key(key))]).await?;
        Ok(removed > 0)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let keys: Vec<_> = keys.iter().map(flat_key).collect();
        let mut found = HashMap::new();
        for some in keys.chunks(STEP) {
            let some: Vec<_> = some.iter().map(String::as_bytes).collect();
            let answer = self.table.ask(&[self.table.statements.get_many(&some)]).await?;
            found.extend(answer.rows.into_iter().filter_map(pair));
        }
        Ok(keys.iter().map(|key| found.get(key.as_bytes()).cloned()).collect())
    }

    async fn put_many(&self, entries: &[Put]) -> Result<()> {
        let batch = Batch::of(entries);
        let statements = batch.statements(&self.table.statements);
        if statements.is_empty() { Ok(()) } else { self.table.ask(&statements).await.map(drop) }
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let keys: Vec<_> = keys.iter().map(flat_key).collect();
        let mut removed = 0;
        for some in keys.chunks(STEP) {
            let some: Vec<_> = some.iter().map(String::as_bytes).collect();
            removed += self.table.ask(&[self.table.statements.remove_many(&some)]).await?.affected;
        }
        Ok(removed)
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let (key, statements) = (flat_key(key), &self.table.statements);
        if let Some(make_room) = &statements.make_room {
            self.table.write(make_room, vec![bytes(&key), now()]).await?;
        }
        let mut values = vec![bytes(&key), Value::Bytes(entry), time(expires)];
        values.extend(statements.replaces_expired().then(now));
        // Not tried again on another connection: the first may have done it.
        let answer = self.table.ask_once(Statement::write(&statements.put_if_absent, values)).await?;
        Ok(answer.affected > 0)
    }

    async fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let key = flat_key(key);
        let touched = self.table.write(&self.table.statements.touch, vec![time(expires), bytes(&key), now()]).await?;
        Ok(touched > 0)
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        let ((start, end), statements) = (range(namespace), &self.table.statements);
        let (mut start, end) = (start.into_bytes(), end.into_bytes());
        let mut removed = 0;
        loop {
            let values = vec![Value::Bytes(&start), Value::Bytes(&end)];
            let step = self.table.read(&statements.step, values).await?.pop().and_then(|mut row| row.pop());
            let to = step.as_deref().unwrap_or(&end);
            removed += self.table.write(&statements.clear, vec![Value::Bytes(&start), Value::Bytes(to)]).await?;
            match step {
                Some(step) => start = step,
                None => return Ok(removed),
            }
        }
    }

    async fn page(&self, namespace: &str, next: Option<&[u8]>) -> Result<Page> {
        let (start, end) = range(namespace);
        let after = next.unwrap_or(start.as_bytes());
        let rows = self.table.read(&self.table.statements.page, vec![Value::Bytes(after), bytes(&end)]).await?;
        let next = if rows.len() < PAGE { None } else { rows.last().and_then(|row| row.first().cloned()) };
        let namespace = Arc::from(namespace);
        let shown = |row| {
            let (key, entry) = pair(row)?;
            Some(Scanned::new(flat::read(&namespace, str::from_utf8(&key).ok()?, LONGEST_KEY)?, entry))
        };
        Ok(Page { entries: rows.into_iter().filter_map(shown).collect(), next })
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        flat::shown(key, LONGEST_KEY)
    }

    async fn len(&self, namespace: &str) -> Result<u64> {
        let (start, end) = range(namespace);
        self.table.count(&self.table.statements.len, vec![bytes(&start), bytes(&end)]).await
    }

    async fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let (start, end) = range(namespace);
        let mut swept = 0;
        loop {
            let values = vec![time(Some(now)), bytes(&start), bytes(&end)];
            let step = self.table.write(&self.table.statements.sweep, values).await?;
            swept += step;
            if step < STEP as u64 {
                return Ok(swept);
            }
        }
    }

    fn format(&self) -> Cow<'static, str> {
        self.format.clone().unwrap_or(Cow::Borrowed("msgpack"))
    }

    fn has_own_format(&self) -> bool {
        self.format.is_some()
    }
}

/// Key and value.
fn pair(row: Vec<Vec<u8>>) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut columns = row.into_iter();
    Some((columns.next()?, columns.next()?))
}
