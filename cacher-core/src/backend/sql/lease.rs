//! Leases: a row beside that of the entry, `{lease}namespace|format|name`, which says who loads it until when, by the
//! clock of the server.
//!
//! A token is its owner and the microsecond that it was given in: it grows from one to the next.

use std::time::{Duration, SystemTime};

use super::{
    super::{Key, flat},
    LONGEST_KEY, Sql, bytes, changed, flat_key,
    statements::{Dialect, Statement, Value},
    time,
};
use crate::{error::Result, sync::Arc};

/// The statements for them.
pub(super) struct Statements {
    take: Arc<str>,
    /// What shows who has it, where taking it does not.
    look: Option<Arc<str>>,
    end: Arc<str>,
    end_any: Arc<str>,
    end_all: Arc<str>,
    sweep: Arc<str>,
}

/// What a server says differently.
pub(super) struct Words {
    /// Gives the lease of a key to its owner, for some milliseconds, unless it is another's, whose token does not begin
    /// with the same (key, owner, time, owner).
    pub(super) take: &'static str,
    /// Shows whose it is by then, where `take` does not; that takes the owner once more.
    pub(super) look: Option<&'static str>,
}

/// What stands before the key.
const BEFORE: &str = "{lease}";
/// Longer than any load, and no number that overflows.
const LONGEST: u128 = 86_400_000;

fn place(key: &Key) -> String {
    BEFORE.to_owned() + &flat::key(key, LONGEST_KEY - BEFORE.len())
}

/// All leases of a namespace: from the first text to before the second.
fn range(namespace: &str) -> (String, String) {
    super::range(BEFORE, namespace)
}

impl Statements {
    pub(super) fn of(dialect: &Dialect, say: impl Fn(&str) -> Arc<str>) -> Self {
        Self {
            take: say(dialect.lease.take),
            look: dialect.lease.look.map(&say),
            end: say("DELETE FROM {table} WHERE k = ? AND v = ? AND exp > {now}"),
            end_any: say("DELETE FROM {table} WHERE k = ?"),
            end_all: say(dialect.clear),
            sweep: say(&dialect.sweep.replacen('?', dialect.now, 1)),
        }
    }
}

impl Sql {
    /// The token of the lease, unless another owner has it.
    pub(super) async fn take_lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        let (place, owner, words) = (place(key), format!("{owner} "), &self.table.statements.lease);
        let life = i64::try_from(life.as_millis().clamp(1, LONGEST)).ok();
        let mut values = vec![bytes(&place), bytes(&owner), Value::Number(life), bytes(&owner)];
        values.extend(words.look.is_some().then(|| bytes(&owner)));
        let rows = match &words.look {
            None => self.table.read(&words.take, values).await?,
            Some(look) => {
                self.table.write(Statement::write(&words.take, values)).await?;
                self.table.read(look, vec![bytes(&place)]).await?
            }
        };
        let token = rows.into_iter().next().and_then(|row| String::from_utf8(row.into_iter().next()?).ok());
        Ok(token.filter(|token| token.starts_with(&owner)))
    }

    /// Ends the lease and puts the entry, or does neither.
    pub(super) async fn put_under_lease(
        &self,
        key: &Key,
        entry: &[u8],
        expires: Option<SystemTime>,
        token: &str,
    ) -> Result<bool> {
        let (place, text, words) = (place(key), flat_key(key), &self.table.statements);
        let end = Statement::write(&words.lease.end, vec![bytes(&place), bytes(token)]);
        let values = vec![bytes(&text), Value::Bytes(entry), time(expires)];
        let put = words.change(&words.put, values, changed(key, &text));
        // Not tried again on another connection: the first may have ended the lease.
        let answer = self.table.ask_once(&mut [Statement { decides: true, ..end }, put]).await?;
        Ok(answer.affected > 0)
    }

    /// Ends the lease of a token, or whichever there is.
    pub(super) async fn give_lease_back(&self, key: &Key, token: Option<&str>) -> Result<()> {
        let (place, words) = (place(key), &self.table.statements.lease);
        let end = match token {
            Some(token) => Statement::write(&words.end, vec![bytes(&place), bytes(token)]),
            None => Statement::write(&words.end_any, vec![bytes(&place)]),
        };
        self.table.write(end).await.map(drop)
    }

    /// Ends all leases of a namespace.
    pub(super) async fn end_leases(&self, namespace: &str) -> Result<()> {
        let (start, end) = range(namespace);
        let values = vec![bytes(&start), bytes(&end)];
        self.table.write(Statement::write(&self.table.statements.lease.end_all, values)).await.map(drop)
    }

    /// Removes those that were left.
    pub(super) async fn sweep_leases(&self, namespace: &str) -> Result<()> {
        let (start, end) = range(namespace);
        let values = vec![bytes(&start), bytes(&end)];
        self.table.write(Statement::write(&self.table.statements.lease.sweep, values)).await.map(drop)
    }
}
