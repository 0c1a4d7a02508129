//! PostgreSQL.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, ConnectOptions, Error as SqlError, PgConnection, Postgres,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgQueryResult},
    raw_sql,
};

use super::{
    driver::Server,
    fault::Fault,
    lease,
    name::Name,
    news::News,
    rate::{
        self,
        Given::{Asker, Furthest, Interval, Key, Tolerance},
    },
    statements::{Dialect, Telling},
};

impl Server for Postgres {
    const DIALECT: &'static Dialect = &Dialect {
        quote: '"',
        numbered: true,
        // The name of its index has four letters more, of 63.
        longest_table: 59,
        check: "SELECT convert_to(CASE WHEN count(*) = 0 THEN '0' \
                WHEN count(*) = 3 AND count(*) FILTER (WHERE (attname, format_type(atttypid, NULL)) IN \
                (('k', 'bytea'), ('v', 'bytea'), ('exp', 'bigint'))) = 3 THEN '1' ELSE '2' END, 'UTF8'), \
                convert_to('1000000000', 'UTF8') FROM pg_catalog.pg_attribute \
                WHERE attrelid = to_regclass('{table}') AND attnum > 0 AND NOT attisdropped",
        create: &[
            "CREATE TABLE IF NOT EXISTS {table} (k BYTEA PRIMARY KEY, v BYTEA NOT NULL, exp BIGINT)",
            "CREATE INDEX IF NOT EXISTS \"{name}_exp\" ON {table} (exp) WHERE exp IS NOT NULL",
        ],
        now: "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        micros: "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        count: "convert_to(count(*)::text, 'UTF8')",
        clear: "DELETE FROM {table} WHERE k = ANY(ARRAY(\
                SELECT k FROM {table} WHERE k >= ? AND k < ? ORDER BY k FOR UPDATE))",
        sweep: "DELETE FROM {table} WHERE k = ANY(ARRAY(\
                SELECT k FROM {table} WHERE exp <= ? AND k >= ? AND k < ? LIMIT {step} FOR UPDATE SKIP LOCKED))",
        replace: "ON CONFLICT (k) DO UPDATE SET v = excluded.v, exp = excluded.exp",
        put_if_absent: "INSERT INTO {table} AS t (k, v, exp) VALUES (?, ?, ?) \
                        ON CONFLICT (k) DO UPDATE SET v = excluded.v, exp = excluded.exp WHERE t.exp <= ?",
        make_room: None,
        replaces_expired: true,
        // Transactions that tell are committed one by one in a server. So they don't wait for its disk meanwhile, and
        // what waits afterwards does so together with others.
        tells: Some(Telling {
            always: "WITH done AS ({change} RETURNING 1) SELECT convert_to(count(*)::text || \
                     pg_notify('{name}', encode(?, 'hex'))::text || \
                     left(set_config('synchronous_commit', 'off', true), 0), 'UTF8') FROM done",
            if_done: "WITH done AS ({change} RETURNING 1) SELECT convert_to(count(*)::text || \
                      CASE count(*) WHEN 0 THEN '' ELSE pg_notify('{name}', encode(?, 'hex'))::text || \
                      left(set_config('synchronous_commit', 'off', true), 0) END, 'UTF8') FROM done",
            settles: "SELECT pg_logical_emit_message(true, 'cacher', '')",
        }),
        lease: lease::Words {
            take: "INSERT INTO {table} AS t (k, v, exp) VALUES (?, ?::bytea || convert_to({micros}::text, 'UTF8'), {now} + ?::bigint) \
                   ON CONFLICT (k) DO UPDATE SET v = excluded.v, exp = excluded.exp \
                   WHERE t.exp <= {now} OR position(?::bytea IN t.v) = 1 RETURNING v",
            look: None,
        },
        rate: rate::Words {
            take: "INSERT INTO {table} AS t (k, v, exp) VALUES (?, ?, {micros} + ?::bigint) ON CONFLICT (k) DO UPDATE \
                   SET v = excluded.v, exp = ?::bigint + \
                   CASE WHEN t.exp > {micros} + ?::bigint THEN {micros} ELSE greatest(t.exp, {micros}) END \
                   WHERE t.exp <= {micros} + ?::bigint OR t.exp > {micros} + ?::bigint",
            given: &[Key, Asker, Interval, Interval, Furthest, Tolerance, Furthest],
            look: "SELECT convert_to((CASE WHEN v = ? THEN 0 ELSE greatest(exp - ?::bigint - {micros}, 1) END)::text, \
                   'UTF8') FROM {table} WHERE k = ?",
        },
    };

    async fn connect(options: &PgConnectOptions, name: &Name) -> sqlx::Result<PgConnection> {
        options.clone().application_name(&name.to_string()).connect().await
    }

    /// By its name alone: with a pooler between, its number is another's by now.
    async fn end(connection: &mut PgConnection, name: &Name) -> sqlx::Result<bool> {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name = '{name}'"
        );
        match raw_sql(AssertSqlSafe(sql)).execute(connection).await {
            // Some users may not.
            Err(SqlError::Database(_)) => Ok(false),
            answer => answer.map(|ended| ended.rows_affected() > 0),
        }
    }

    fn news(table: &str, options: &PgConnectOptions, patience: Duration) -> Option<News> {
        Some(News::of(table, options.clone(), patience))
    }

    fn affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    fn fault(error: &dyn DatabaseError) -> Fault {
        match error.code().as_deref() {
            // The server stops, starts, or has ended the connection.
            Some("57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" | "53300") => Fault::Lost,
            Some(code) if code.starts_with("08") => Fault::Lost,
            // Deadlocks, and who has just made the same table: `IF NOT EXISTS` does not wait for them.
            Some("40001" | "40P01" | "23505" | "42P07" | "42710") => Fault::Clash,
            Some("42P01") => Fault::NoTable,
            _ => Fault::Refused,
        }
    }
}
