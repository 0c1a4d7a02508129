//! The statements for one table, whose name has been checked, in the words of one server.

use std::{fmt::Write, iter::repeat_n};

use super::{lease, message::Message, rate};
use crate::sync::Arc;

/// What servers say differently. `{table}` stands for the quoted name, `{name}` for the bare one,
/// `{step}` for [`STEP`], `{now}` and `{micros}` for the time of the server, `?` for a parameter.
pub(super) struct Dialect {
    pub(super) quote: char,
    /// Parameters are `$1`, `$2` in place of `?`.
    pub(super) numbered: bool,
    pub(super) longest_table: usize,
    /// A row of two numbers, as text: 0 where there is no such table, 1 where it is ours, else 2; and how many bytes the
    /// parameters of a statement may have.
    pub(super) check: &'static str,
    pub(super) create: &'static [&'static str],
    /// The time of the server, in milliseconds since the Unix epoch.
    pub(super) now: &'static str,
    /// The same in microseconds.
    pub(super) micros: &'static str,
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
    /// How a statement tells others what it changes, if it can.
    pub(super) tells: Option<Telling>,
    pub(super) lease: lease::Words,
    pub(super) rate: rate::Words,
}

/// What stands around a statement, for which `{change}` stands, that others are told of: its parameters, and behind them
/// the message. Comes back as the number of changed rows, as text.
pub(super) struct Telling {
    /// Told in any case: others may have what is not here.
    pub(super) always: &'static str,
    /// Told if it has changed something.
    pub(super) if_done: &'static str,
    /// What waits until all before it is as safe as the server is set to make it.
    pub(super) settles: &'static str,
}

/// What stands for a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Number(Option<i64>),
}

/// What comes back of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Yield {
    Rows,
    /// How many rows it has changed.
    Changes,
    /// The same, as the text of its only row.
    Count,
}

/// A statement with its parameters.
#[derive(Clone, Debug)]
pub(super) struct Statement<'a> {
    pub(super) sql: Arc<str>,
    pub(super) values: Vec<Value<'a>>,
    /// What it tells others, as its last parameter.
    pub(super) message: Option<Message>,
    pub(super) yields: Yield,
    /// Whether those behind it are done, and it itself, only if it changes something.
    pub(super) decides: bool,
    /// Whether it comes often in these very words, so that the server should remember it.
    pub(super) lasting: bool,
}

impl<'a> Statement<'a> {
    pub(super) fn read(sql: &Arc<str>, values: Vec<Value<'a>>) -> Self {
        Self { sql: Arc::clone(sql), values, message: None, yields: Yield::Rows, decides: false, lasting: true }
    }

    pub(super) fn write(sql: &Arc<str>, values: Vec<Value<'a>>) -> Self {
        Self { yields: Yield::Changes, ..Self::read(sql, values) }
    }

    /// About how many bytes are sent.
    pub(super) fn size(&self) -> u64 {
        let sizes = self.values.iter().map(|value| match value {
            Value::Bytes(bytes) => bytes.len() as u64 + 16,
            Value::Number(_) => 16,
        });
        sizes.sum::<u64>() + self.message.as_ref().map_or(0, |message| message.bytes().len() as u64 + 16)
    }
}

/// Those that are sent for this table.
pub(super) struct Statements {
    dialect: &'static Dialect,
    table: String,
    /// How those tell others that change something, if they do.
    tells: Option<&'static Telling>,
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
    pub(super) lease: lease::Statements,
    pub(super) rate: rate::Statements,
}

/// What a namespace is: the keys from a first one to that behind its last.
const RANGE: &str = "k >= ? AND k < ?";
/// How many rows are removed at a time, where nobody says which.
pub(super) const STEP: usize = 512;
/// How many rows are named in a statement. A server takes 65,535 parameters.
pub(super) const NAMED: usize = 16_384;
/// How many rows with their values are read at a time.
pub(super) const PAGE: usize = 128;

impl Statements {
    /// Those for a table of this name, which tell others of changes if that is wanted and the server can.
    pub(super) fn of(dialect: &'static Dialect, table: &str, tells: bool) -> Self {
        let tells = dialect.tells.as_ref().filter(|_| tells);
        let say = |template: &str| say(dialect, table, template);
        let always = |change: &str| say(&telling(tells.map(|tells| tells.always), change));
        let if_done = |change: &str| say(&telling(tells.map(|tells| tells.if_done), change));
        Self {
            check: say(dialect.check),
            create: dialect.create.iter().map(|template| say(template)).collect(),
            get: say("SELECT v FROM {table} WHERE k = ?"),
            put: always(&insert(1, dialect.replace)),
            put_if_absent: if_done(dialect.put_if_absent),
            make_room: dialect.make_room.map(say),
            touch: if_done("UPDATE {table} SET exp = ? WHERE k = ? AND (exp IS NULL OR exp > ?)"),
            remove: always("DELETE FROM {table} WHERE k = ?"),
            page: say(&format!("SELECT k, v FROM {{table}} WHERE k > ? AND k < ? ORDER BY k LIMIT {PAGE}")),
            len: say(&format!("SELECT {} FROM {{table}} WHERE {RANGE}", dialect.count)),
            step: say(&format!("SELECT k FROM {{table}} WHERE {RANGE} ORDER BY k LIMIT 1 OFFSET {STEP}")),
            clear: always(dialect.clear),
            sweep: say(dialect.sweep),
            lease: lease::Statements::of(dialect, say),
            rate: rate::Statements::of(dialect, say),
            dialect,
            table: table.to_owned(),
            tells,
        }
    }

    /// One that changes something, and tells others of it, if these do.
    pub(super) fn change<'a>(&self, sql: &Arc<str>, values: Vec<Value<'a>>, message: Message) -> Statement<'a> {
        let statement = Statement::write(sql, values);
        match self.tells {
            Some(_) => Statement { message: Some(message), yields: Yield::Count, ..statement },
            None => statement,
        }
    }

    /// How many of the first changes may be told of in one message, by their namespaces; all where nothing is told.
    pub(super) fn room_for<'n>(&self, namespaces: impl Iterator<Item = &'n str>) -> usize {
        self.tells.map_or(usize::MAX, |_| Message::room_for(namespaces))
    }

    /// The parameters of what takes a call.
    pub(super) fn given_to_rates(&self) -> &'static [rate::Given] {
        self.dialect.rate.given
    }

    pub(super) fn replaces_expired(&self) -> bool {
        self.dialect.replaces_expired
    }

    /// Puts so many rows.
    pub(super) fn put_rows(&self, rows: usize) -> Arc<str> {
        let change = insert(rows, self.dialect.replace);
        say(self.dialect, &self.table, &telling(self.tells.map(|tells| tells.always), &change))
    }

    /// Keys and values of some keys.
    pub(super) fn get_many<'a>(&self, keys: &[&'a [u8]]) -> Statement<'a> {
        let (sql, values) = among("SELECT k, v", keys);
        Statement::read(&say(self.dialect, &self.table, &sql), values)
    }

    /// Removes some keys.
    pub(super) fn remove_many<'a>(&self, keys: &[&'a [u8]], message: Message) -> Statement<'a> {
        let (change, values) = among("DELETE", keys);
        let sql = say(self.dialect, &self.table, &telling(self.tells.map(|tells| tells.always), &change));
        self.change(&sql, values, message)
    }
}

/// What is said of some keys. The last stands for as many as are missing to a power of two: so there are few such
/// statements, which servers remember.
fn among<'a>(said: &str, keys: &[&'a [u8]]) -> (String, Vec<Value<'a>>) {
    let places = keys.len().next_power_of_two();
    let last = keys.last().copied().unwrap_or_default();
    let values = keys.iter().copied().chain(repeat_n(last, places - keys.len())).map(Value::Bytes);
    (format!("{said} FROM {{table}} WHERE k IN ({})", list("?", places)), values.collect())
}

fn insert(rows: usize, end: &str) -> String {
    format!("INSERT INTO {{table}} (k, v, exp) VALUES {} {end}", list("(?, ?, ?)", rows))
}

/// A statement with what tells others of it.
fn telling(around: Option<&str>, change: &str) -> String {
    around.map_or_else(|| change.to_owned(), |around| around.replace("{change}", change))
}

fn list(part: &str, times: usize) -> String {
    vec![part; times].join(", ")
}

/// The template for this table, as the server takes it.
fn say(dialect: &Dialect, table: &str, template: &str) -> Arc<str> {
    let quote = dialect.quote;
    let text = template.replace("{table}", &format!("{quote}{table}{quote}"));
    let text = text
        .replace("{name}", table)
        .replace("{step}", &STEP.to_string())
        .replace("{now}", dialect.now)
        .replace("{micros}", dialect.micros);
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
