//! The statements for one table, whose name has been checked.

#[derive(Debug)]
pub(super) struct Statements {
    pub(super) create: String,
    pub(super) create_index: String,
    pub(super) get: String,
    pub(super) put: String,
    pub(super) put_if_absent: String,
    pub(super) touch: String,
    pub(super) remove: String,
    pub(super) clear: String,
    pub(super) len: String,
    pub(super) page: String,
    pub(super) sweep: String,
}

/// What identifies a row, by the first three parameters of a statement.
const KEY: &str = "namespace = ?1 AND name = ?2 AND format = ?3";

impl Statements {
    pub(super) fn of(table: &str) -> Self {
        let insert = format!(
            "INSERT INTO \"{table}\" (namespace, name, format, entry, expires) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT"
        );
        Self {
            create: format!(
                "CREATE TABLE \"{table}\" (namespace TEXT NOT NULL, name TEXT NOT NULL, format TEXT NOT NULL, \
                 entry BLOB NOT NULL, expires INTEGER, PRIMARY KEY (namespace, name, format))"
            ),
            create_index: format!(
                "CREATE INDEX IF NOT EXISTS \"{table}_expires\" ON \"{table}\" (namespace, expires) \
                 WHERE expires IS NOT NULL"
            ),
            get: format!("SELECT entry FROM \"{table}\" WHERE {KEY}"),
            put: format!("{insert} DO UPDATE SET entry = excluded.entry, expires = excluded.expires"),
            put_if_absent: format!("{insert} DO NOTHING"),
            touch: format!("UPDATE \"{table}\" SET expires = ?4 WHERE {KEY}"),
            remove: format!("DELETE FROM \"{table}\" WHERE {KEY}"),
            clear: format!("DELETE FROM \"{table}\" WHERE namespace = ?1"),
            len: format!("SELECT count(*) FROM \"{table}\" WHERE namespace = ?1"),
            page: format!(
                "SELECT name, format, entry FROM \"{table}\" WHERE namespace = ?1 AND (name, format) > (?3, ?4) \
                 ORDER BY name, format LIMIT ?2"
            ),
            sweep: format!(
                "DELETE FROM \"{table}\" WHERE rowid IN \
                 (SELECT rowid FROM \"{table}\" WHERE namespace = ?1 AND expires < ?2 LIMIT ?3)"
            ),
        }
    }
}
