//! MySQL and MariaDB.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Error as SqlError, MySql, MySqlConnection,
    error::DatabaseError,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlQueryResult},
    raw_sql,
};

use super::{
    driver::Server,
    fault::Fault,
    lease,
    name::Name,
    rate::{
        self,
        Given::{Asker, Furthest, Interval, Key, Tolerance},
    },
    statements::Dialect,
};

impl Server for MySql {
    const DIALECT: &'static Dialect = &Dialect {
        quote: '`',
        numbered: false,
        longest_table: 64,
        check: "SELECT CAST(CASE WHEN COUNT(*) = 0 THEN 0 \
                WHEN COUNT(*) = 3 AND SUM((LOWER(column_name), LOWER(column_type)) IN \
                (('k', 'varbinary(512)'), ('v', 'longblob'), ('exp', 'bigint'), ('exp', 'bigint(20)'))) = 3 \
                THEN 1 ELSE 2 END AS BINARY), CAST(@@max_allowed_packet AS BINARY) \
                FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{name}'",
        create: &["CREATE TABLE IF NOT EXISTS {table} (k VARBINARY(512) PRIMARY KEY, v LONGBLOB NOT NULL, \
                   exp BIGINT NULL, KEY exp (exp)) ENGINE = InnoDB"],
        now: "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
        micros: "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)",
        count: "CAST(COUNT(*) AS BINARY)",
        clear: "DELETE FROM {table} WHERE k >= ? AND k < ?",
        sweep: "DELETE FROM {table} WHERE exp <= ? AND k >= ? AND k < ? ORDER BY exp, k LIMIT {step}",
        // MariaDB does not know the newer words of MySQL for this.
        replace: "ON DUPLICATE KEY UPDATE v = VALUES(v), exp = VALUES(exp)",
        put_if_absent: "INSERT IGNORE INTO {table} (k, v, exp) VALUES (?, ?, ?)",
        make_room: Some("DELETE FROM {table} WHERE k = ? AND exp <= ?"),
        replaces_expired: false,
        tells: None,
        lease: lease::Words {
            // The second condition sees what the first has done. MariaDB compares `v` and `VALUES(v)` wrongly there.
            take: "INSERT INTO {table} (k, v, exp) VALUES \
                   (?, CONCAT(?, {micros}), {now} + ?) \
                   ON DUPLICATE KEY UPDATE v = IF(exp <= {now} OR LOCATE(?, v) = 1, VALUES(v), v), \
                   exp = IF(LOCATE(?, v) = 1, VALUES(exp), exp)",
            look: Some("SELECT v FROM {table} WHERE k = ?"),
        },
        rate: rate::Words {
            take: "INSERT INTO {table} (k, v, exp) VALUES (?, ?, {micros} + ?) ON DUPLICATE KEY UPDATE \
                   v = IF(exp <= {micros} + ? OR exp > {micros} + ?, VALUES(v), v), \
                   exp = IF(v <> ?, exp, ? + IF(exp > {micros} + ?, {micros}, GREATEST(exp, {micros})))",
            given: &[Key, Asker, Interval, Tolerance, Furthest, Asker, Interval, Furthest],
            look: "SELECT CAST(IF(v = ?, 0, GREATEST(exp - ? - {micros}, 1)) AS BINARY) FROM {table} WHERE k = ?",
        },
    };

    async fn connect(options: &MySqlConnectOptions, name: &Name) -> sqlx::Result<MySqlConnection> {
        let mut connection = options.connect().await?;
        // It has the lock as long as it stands.
        match raw_sql(AssertSqlSafe(format!("DO GET_LOCK('{name}', 0)"))).execute(&mut connection).await {
            // Clusters have none, and what is given up there may be done after all.
            Ok(_) | Err(SqlError::Database(_)) => Ok(connection),
            Err(error) => Err(error),
        }
    }

    async fn end(connection: &mut MySqlConnection, name: &Name) -> sqlx::Result<bool> {
        match raw_sql(AssertSqlSafe(format!("KILL IS_USED_LOCK('{name}')"))).execute(connection).await {
            // Nobody has it.
            Err(SqlError::Database(_)) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    fn affected(result: &MySqlQueryResult) -> u64 {
        result.rows_affected()
    }

    fn fault(error: &dyn DatabaseError) -> Fault {
        match error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number) {
            // The server stops, has ended the connection, or is cut off from its cluster.
            Some(1040 | 1047 | 1053 | 1152 | 1158..=1161 | 1203 | 1927 | 4031) => Fault::Lost,
            // Deadlocks, changes by others meanwhile, and statements whose table was made anew.
            Some(1020 | 1205 | 1213 | 1412 | 1615) => Fault::Clash,
            Some(1146) => Fault::NoTable,
            _ => Fault::Refused,
        }
    }
}
