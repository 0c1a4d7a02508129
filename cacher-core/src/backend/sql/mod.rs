//! The stores `postgres://` and `mysql://`: one row for each entry, in a table of a database on a server.
//!
//! ```sql
//! CREATE TABLE cacher_entries (
//!     k BYTEA PRIMARY KEY,        -- `namespace|format|name`, `{lease}namespace|format|name`; VARBINARY(512) in MySQL
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
    message::Message,
    statements::{NAMED, PAGE, STEP, Statement, Value},
    table::Table,
};
use super::{
    Capabilities, Key, Pace, Put, Scanned, Watcher,
    driven::{AsyncBackend, Page},
    flat,
    watchers::mark,
};
use crate::{entry::Stamp, error::Result, sync::Arc};

mod batch;
mod driver;
mod fault;
mod lease;
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "others tell of nothing"))]
mod message;
#[cfg(feature = "mysql")]
mod mysql;
mod name;
#[cfg(feature = "postgres")]
mod news;
#[cfg(not(feature = "postgres"))]
#[path = "news_off.rs"]
mod news;
mod open;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod rate;
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
/// Leases of loads (`single_flight = distributed`) are rows beside the entries, with times of the server. An entry is put
/// under one, and that ended, in one transaction.
///
/// A connection that gives no answer within `timeout` is ended by the server before anything else is asked, so that what
/// was given up there does not come after all (`pg_terminate_backend`, `KILL`); only clusters of MariaDB and MySQL that
/// have no `GET_LOCK` can't be asked to.
///
/// **Memory in front** of PostgreSQL is told of changes by other processes: what they put, touch, remove or clear is out
/// of memory here some milliseconds later. A load that others' changes come between is not kept, neither in memory nor
/// in the table. Each change tells of itself in its own transaction (`NOTIFY` on a channel called as the table), by a hash
/// of the key alone, and one more connection listens where memory is in front. While the server can't be reached, or
/// does not let us listen, nothing is told, so a lost connection empties memory, at the latest a second and a `timeout`
/// after it broke. A change that tells takes two statements, the second of which waits for the disk: where nobody keeps
/// memory in front, `coherence=off` spares the server that. What people change by hand is told of if they say so: `NOTIFY
/// cacher_entries`. MySQL tells of nothing: there the TTL of the memory bounds how old values get.
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

/// What the keys of a namespace begin with.
fn prefix(namespace: &str) -> String {
    flat::prefix(namespace, LONGEST_KEY)
}

/// What tells others that an entry has changed, of whose key this is the text.
fn changed(key: &Key, text: &str) -> Message {
    Message::new().and(&prefix(&key.namespace), [text].into_iter())
}

/// The same of many, those of one namespace side by side.
fn all_changed<'a>(entries: impl Iterator<Item = (&'a Key, &'a str)>) -> Message {
    let entries: Vec<_> = entries.collect();
    entries.chunk_by(|(one, _), (other, _)| one.namespace == other.namespace).fold(Message::new(), |message, some| {
        message.and(&prefix(&some[0].0.namespace), some.iter().map(|(_, text)| *text))
    })
}

/// The keys of a namespace that have this before them: from the first text to before the second.
fn range(before: &str, namespace: &str) -> (String, String) {
    let start = before.to_owned() + &flat::prefix(namespace, LONGEST_KEY - before.len());
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
            lease: true,
            pace: true,
            watch: self.table.news.is_some(),
            ..Capabilities::default()
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let mut rows = self.table.read(&self.table.statements.get, vec![bytes(&flat_key(key))]).await?;
        Ok(rows.pop().and_then(|mut row| row.pop()))
    }

    async fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()> {
        let (text, statements) = (flat_key(key), &self.table.statements);
        let values = vec![bytes(&text), Value::Bytes(entry), time(expires)];
        self.table.write(statements.change(&statements.put, values, changed(key, &text))).await.map(drop)
    }

    async fn remove(&self, key: &Key) -> Result<bool> {
        let (text, statements) = (flat_key(key), &self.table.statements);
        let remove = statements.change(&statements.remove, vec![bytes(&text)], changed(key, &text));
        Ok(self.table.write(remove).await? > 0)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>> {
        let keys: Vec<_> = keys.iter().map(flat_key).collect();
        let mut found = HashMap::new();
        for some in keys.chunks(NAMED) {
            let some: Vec<_> = some.iter().map(String::as_bytes).collect();
            let answer = self.table.ask(&mut [self.table.statements.get_many(&some)]).await?;
            found.extend(answer.rows.into_iter().filter_map(pair));
        }
        Ok(keys.iter().map(|key| found.get(key.as_bytes()).cloned()).collect())
    }

    async fn put_many(&self, entries: &[Put]) -> Result<()> {
        let batch = Batch::of(entries);
        let mut statements = batch.statements(&self.table.statements);
        if statements.is_empty() { Ok(()) } else { self.table.ask(&mut statements).await.map(drop) }
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<u64> {
        let texts: Vec<_> = keys.iter().map(flat_key).collect();
        let (mut rest, mut removed) = (keys.iter().zip(texts.iter().map(String::as_str)).collect::<Vec<_>>(), 0);
        while !rest.is_empty() {
            let namespaces = rest.iter().map(|(key, _)| &*key.namespace);
            let most = self.table.statements.room_for(namespaces).clamp(1, NAMED);
            let later = rest.split_off(most.min(rest.len()));
            let some: Vec<_> = rest.iter().map(|(_, text)| text.as_bytes()).collect();
            let message = all_changed(rest.iter().copied());
            removed += self.table.write(self.table.statements.remove_many(&some, message)).await?;
            rest = later;
        }
        Ok(removed)
    }

    async fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<bool> {
        let (text, statements) = (flat_key(key), &self.table.statements);
        if let Some(make_room) = &statements.make_room {
            self.table.write(Statement::write(make_room, vec![bytes(&text), now()])).await?;
        }
        let mut values = vec![bytes(&text), Value::Bytes(entry), time(expires)];
        values.extend(statements.replaces_expired().then(now));
        let put = statements.change(&statements.put_if_absent, values, changed(key, &text));
        // Not tried again on another connection: the first may have done it.
        Ok(self.table.ask_once(&mut [put]).await?.affected > 0)
    }

    async fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool> {
        let (text, statements) = (flat_key(key), &self.table.statements);
        let values = vec![time(expires), bytes(&text), now()];
        Ok(self.table.write(statements.change(&statements.touch, values, changed(key, &text))).await? > 0)
    }

    async fn clear(&self, namespace: &str) -> Result<u64> {
        let ((start, end), statements) = (range("", namespace), &self.table.statements);
        let (mut start, end) = (start.into_bytes(), end.into_bytes());
        let mut removed = 0;
        // Before the entries: loads that began until now put none any more.
        self.end_leases(namespace).await?;
        loop {
            let values = vec![Value::Bytes(&start), Value::Bytes(&end)];
            let step = self.table.read(&statements.step, values).await?.pop().and_then(|mut row| row.pop());
            let to = step.as_deref().unwrap_or(&end);
            let values = vec![Value::Bytes(&start), Value::Bytes(to)];
            let any = Message::new().and(&prefix(namespace), [].into_iter());
            removed += self.table.write(statements.change(&statements.clear, values, any)).await?;
            match step {
                Some(step) => start = step,
                None => return Ok(removed),
            }
        }
    }

    async fn page(&self, namespace: &str, next: Option<&[u8]>) -> Result<Page> {
        let (start, end) = range("", namespace);
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
        let (start, end) = range("", namespace);
        self.table.count(&self.table.statements.len, vec![bytes(&start), bytes(&end)]).await
    }

    async fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64> {
        let (start, end) = range("", namespace);
        let mut swept = 0;
        self.sweep_leases(namespace).await?;
        self.sweep_rates(namespace).await?;
        loop {
            let values = vec![time(Some(now)), bytes(&start), bytes(&end)];
            let step = self.table.write(Statement::write(&self.table.statements.sweep, values)).await?;
            swept += step;
            if step < STEP as u64 {
                return Ok(swept);
            }
        }
    }

    async fn lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        self.take_lease(key, owner, life).await
    }

    async fn put_leased(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>, token: &str) -> Result<bool> {
        self.put_under_lease(key, entry, expires, token).await
    }

    async fn end_lease(&self, key: &Key, token: Option<&str>) -> Result<()> {
        self.give_lease_back(key, token).await
    }

    async fn pace(&self, key: &Key, pace: Pace) -> Result<Duration> {
        self.take_call(key, pace).await
    }

    fn watch(&self, namespace: &str, watcher: Watcher) -> bool {
        let Some(news) = &self.table.news else { return false };
        news.watch(&prefix(namespace), watcher);
        true
    }

    fn mark(&self, key: &Key) -> u64 {
        mark(&flat_key(key))
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
