//! Rates: for each a row beside the entries, `{rate}namespace|..`, whose `exp` says in microseconds when its next call is
//! due, by the clock of the server, and whose `v` who has taken the last one.

use std::time::Duration;

use super::{
    super::{Key, Pace, flat},
    LONGEST_KEY, Sql, bytes,
    name::Name,
    statements::{Dialect, Statement, Value},
};
use crate::{
    error::{Error, Kind, Result},
    sync::Arc,
};

/// The statements for them.
pub(super) struct Statements {
    take: Arc<str>,
    look: Arc<str>,
    sweep: Arc<str>,
}

/// What a server says differently. `{micros}` stands for its time in microseconds.
pub(super) struct Words {
    /// Gives the row to the asker if a call may come.
    pub(super) take: &'static str,
    /// The parameters of that.
    pub(super) given: &'static [Given],
    /// As text in bytes 0 if the row is this asker's, or else by how many microseconds its call would be too early, at
    /// least 1 (asker, tolerance, key).
    pub(super) look: &'static str,
}

/// A parameter.
#[derive(Clone, Copy)]
pub(super) enum Given {
    Key,
    Asker,
    Interval,
    Tolerance,
    /// What is due later than this after now says nothing.
    Furthest,
}

/// What stands before the key.
const BEFORE: &str = "{rate}";

fn place(key: &Key) -> String {
    BEFORE.to_owned() + &flat::key(key, LONGEST_KEY - BEFORE.len())
}

impl Statements {
    pub(super) fn of(dialect: &Dialect, say: impl Fn(&str) -> Arc<str>) -> Self {
        let words = &dialect.rate;
        let sweep = dialect.sweep.replacen('?', "{micros}", 1);
        Self { take: say(words.take), look: say(words.look), sweep: say(&sweep) }
    }
}

impl Sql {
    /// Takes a call if it may come; else says how long it must wait.
    pub(super) async fn take_call(&self, key: &Key, pace: Pace) -> Result<Duration> {
        let (row, asker, table) = (place(key), Name::new().to_string(), &self.table);
        let [interval, tolerance, furthest] =
            pace.numbers().map(|micros| Value::Number(Some(i64::try_from(micros).unwrap_or(i64::MAX))));
        let given = |given: &Given| match given {
            Given::Key => bytes(&row),
            Given::Asker => bytes(&asker),
            Given::Interval => interval,
            Given::Tolerance => tolerance,
            Given::Furthest => furthest,
        };
        let words = &table.statements.rate;
        let take = Statement::write(&words.take, table.statements.given_to_rates().iter().map(given).collect());
        let look = Statement::read(&words.look, vec![bytes(&asker), tolerance, bytes(&row)]);
        let wait = table.ask(&mut [take, look]).await?.count();
        wait.map(Duration::from_micros).ok_or_else(|| Error::new(Kind::Damaged, "the server does not say how long"))
    }

    /// Removes those that are as good as new.
    pub(super) async fn sweep_rates(&self, namespace: &str) -> Result<()> {
        let (start, end) = super::range(BEFORE, namespace);
        let values = vec![bytes(&start), bytes(&end)];
        self.table.write(Statement::write(&self.table.statements.rate.sweep, values)).await.map(drop)
    }
}
