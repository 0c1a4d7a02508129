//! The statements for one table, whose name has been checked, in the words of one server.

use std::{fmt::Write, iter::repeat_n};

use crate::sync::Arc;

/// What servers say differently. `{table}` stands for the quoted name, `{name}` for the bare one,
/// `{step}` for [`STEP`], `?` for a parameter.
pub(super) struct Dialect {
    pub(super) quote: char,
    /// Parameters are `$1`, `$2` in place of `?`.
    pub(super) numbered: bool,
    pub(super) longest_table: usize,
    /// A row of two numbers, as text: 0 where there is no such table, 1 where it is ours, else 2; and how many bytes the
    /// parameters of a statement may have.
    pub(super) check: &'static str,
    pub(super) create: &'static [&'static str],
    /// The number of rows, as text in bytes.
    pub(super) count: &'static str,
    /// Removes a range of keys. All that lock many rows do so in the order of keys, or wait for nobody.
    pub(super) clear: &'static str,
    /// Removes up to [`STEP`] rows that have expired by a time, in a range of keys.
    pub(super) sweep: &'static str,
    /// What follows the rows of an `INSERT` that replaces.
    pub(super) replace: &'static str,
    /// Puts a row (key, value, expiry) where none is.
    pub(super) put_if_absent: &'static str,
    /// Removes the row of a key before that, if it has expired by a time; where one statement can't do both.
    pub(super) make_room: Option<&'static str>,
    /// Whether `put_if_absent` takes that time itself, as its last parameter.
    pub(super) replaces_expired: bool,
}

/// What stands for a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Number(Option<i64>),
}

/// A statement with its parameters.
#[derive(Clone, Debug)]
pub(super) struct Statement<'a> {
    pub(super) sql: Arc<str>,
    pub(super) values: Vec<Value<'a>>,
    /// Whether rows come back.
    pub(super) reads: bool,
    /// Whether it comes often in these very words, so that the server should remember it.
    pub(super) lasting: bool,
}

impl<'a> Statement<'a> {
    pub(super) fn read(sql: &Arc<str>, values: Vec<Value<'a>>) -> Self {
        Self { sql: Arc::clone(sql), values, reads: true, lasting: true }
    }

    pub(super) fn write(sql: &Arc<str>, values: Vec<Value<'a>>) -> Self {
        Self { reads: false, ..Self::read(sql, values) }
    }

    /// About how many bytes are sent.
    pub(super) fn size(&self) -> u64 {
        let sizes = self.values.iter().map(|value| match value {
            Value::Bytes(bytes) => bytes.len() as u64 + 16,
            Value::Number(_) => 16,
        });
        sizes.sum()
    }
}

/// Those that are sent for this table.
pub(super) struct Statements {
    dialect: &'static Dialect,
    table: String,
    pub(super) check: Arc<str>,
    pub(super) create: Vec<Arc<str>>,
    pub(super) get: Arc<str>,
    pub(super) put: Arc<str>,
    pub(super) put_if_absent: Arc<str>,
    pub(super) make_room: Option<Arc<str>>,
    pub(super) touch: Arc<str>,
    pub(super) remove: Arc<str>,
    pub(super) page: Arc<str>,
    pub(super) len: Arc<str>,
    /// The key behind so many others.
    pub(super) step: Arc<str>,
    pub(super) clear: Arc<str>,
    pub(super) sweep: Arc<str>,
}

/// What a namespace is: the keys from a first one to that behind its last.
const RANGE: &str = "k >= ? AND k < ?";
/// How many rows are removed or asked for at a time.
pub(super) const STEP: usize = 512;
/// How many rows with their values are read at a time.
pub(super) const PAGE: usize = 128;

impl Statements {
    pub(super) fn of(dialect: &'static Dialect, table: &str) -> Self {
        let say = |template: &str| say(dialect, table, template);
        Self {
            check: say(dialect.check),
            create: dialect.create.iter().map(|template| say(template)).collect(),
            get: say("SELECT v FROM {table} WHERE k = ?"),
            put: say(&insert(1, dialect.replace)),
            put_if_absent: say(dialect.put_if_absent),
            make_room: dialect.make_room.map(say),
            touch: say("UPDATE {table} SET exp = ? WHERE k = ? AND (exp IS NULL OR exp > ?)"),
            remove: say("DELETE FROM {table} WHERE k = ?"),
            page: say(&format!("SELECT k, v FROM {{table}} WHERE k > ? AND k < ? ORDER BY k LIMIT {PAGE}")),
            len: say(&format!("SELECT {} FROM {{table}} WHERE {RANGE}", dialect.count)),
            step: say(&format!("SELECT k FROM {{table}} WHERE {RANGE} ORDER BY k LIMIT 1 OFFSET {STEP}")),
            clear: say(dialect.clear),
            sweep: say(dialect.sweep),
            dialect,
            table: table.to_owned(),
        }
    }

    pub(super) fn replaces_expired(&self) -> bool {
        self.dialect.replaces_expired
    }

    /// Puts so many rows.
    pub(super) fn put_rows(&self, rows: usize) -> Arc<str> {
        say(self.dialect, &self.table, &insert(rows, self.dialect.replace))
    }

    /// Keys and values of some keys.
    pub(super) fn get_many<'a>(&self, keys: &[&'a [u8]]) -> Statement<'a> {
        let (sql, values) = self.among("SELECT k, v", keys);
        Statement::read(&sql, values)
    }

    /// Removes some keys.
    pub(super) fn remove_many<'a>(&self, keys: &[&'a [u8]]) -> Statement<'a> {
        let (sql, values) = self.among("DELETE", keys);
        Statement::write(&sql, values)
    }

    /// What is said of some keys. The last stands for as many as are missing to a power of two: so there are few such
    /// statements, which servers remember.
    fn among<'a>(&self, said: &str, keys: &[&'a [u8]]) -> (Arc<str>, Vec<Value<'a>>) {
        let places = keys.len().next_power_of_two();
        let last = keys.last().copied().unwrap_or_default();
        let values = keys.iter().copied().chain(repeat_n(last, places - keys.len())).map(Value::Bytes);
        let sql = format!("{said} FROM {{table}} WHERE k IN ({})", list("?", places));
        (say(self.dialect, &self.table, &sql), values.collect())
    }
}

fn insert(rows: usize, end: &str) -> String {
    format!("INSERT INTO {{table}} (k, v, exp) VALUES {} {end}", list("(?, ?, ?)", rows))
}

fn list(part: &str, times: usize) -> String {
    vec![part; times].join(", ")
}

/// The template for this table, as the server takes it.
fn say(dialect: &Dialect, table: &str, template: &str) -> Arc<str> {
    let quote = dialect.quote;
    let text = template.replace("{table}", &format!("{quote}{table}{quote}"));
    let text = text.replace("{name}", table).replace("{step}", &STEP.to_string());
    if !dialect.numbered {
        return text.into();
    }
    let mut pieces = text.split('?');
    let mut numbered = pieces.next().unwrap_or_default().to_owned();
    for (piece, number) in pieces.zip(1..) {
        _ = write!(numbered, "${number}{piece}");
    }
    numbered.into()
}
