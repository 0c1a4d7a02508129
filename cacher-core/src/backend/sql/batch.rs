//! Many rows in few statements.

use std::collections::BTreeMap;

use super::{
    super::Put,
    all_changed, flat_key, milliseconds,
    statements::{Statement, Statements, Value},
};

/// How many rows a statement puts at most. A server takes 65,535 parameters, and each row has three.
const ROWS: usize = 16_384;
/// How many bytes, unless one row alone has more.
const BYTES: usize = 1 << 20;

/// What is put under one key.
struct Row<'a> {
    key: String,
    put: &'a Put,
}

/// Rows in the order of their keys, in which all writers lock them: none waits for another that waits for it.
pub(super) struct Batch<'a>(Vec<Row<'a>>);

impl<'a> Batch<'a> {
    /// The last of those under one key counts.
    pub(super) fn of(entries: &'a [Put]) -> Self {
        let sorted: BTreeMap<String, &Put> = entries.iter().map(|put| (flat_key(&put.key), put)).collect();
        Self(sorted.into_iter().map(|(key, put)| Row { key, put }).collect())
    }

    pub(super) fn statements(&self, words: &Statements) -> Vec<Statement<'_>> {
        let mut statements = Vec::new();
        let mut rest = &self.0[..];
        while !rest.is_empty() {
            let (rows, later) = rest.split_at(fitting(words, rest));
            statements.push(put(words, rows));
            rest = later;
        }
        statements
    }
}

/// How many of the first rows go into one statement, of which one message tells.
fn fitting(words: &Statements, rows: &[Row<'_>]) -> usize {
    let mut bytes = 0;
    let fit = |row: &&Row<'_>| {
        bytes += row.put.entry.len();
        bytes <= BYTES
    };
    let told = words.room_for(rows.iter().map(|row| &*row.put.key.namespace));
    rows.iter().take(ROWS.min(told)).take_while(fit).count().max(1)
}

fn put<'a>(words: &Statements, rows: &'a [Row<'_>]) -> Statement<'a> {
    let values = rows.iter().flat_map(|Row { key, put }| {
        [Value::Bytes(key.as_bytes()), Value::Bytes(&put.entry), Value::Number(put.expires.map(milliseconds))]
    });
    let message = all_changed(rows.iter().map(|row| (&row.put.key, &*row.key)));
    // Of any length, and so not worth remembering.
    Statement { lasting: false, ..words.change(&words.put_rows(rows.len()), values.collect(), message) }
}
