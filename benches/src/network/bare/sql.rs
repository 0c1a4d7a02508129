//! The client that the stores are made of, which are tables.

use sqlx::{MySqlPool, PgPool, mysql::MySqlPoolOptions, postgres::PgPoolOptions};
use tokio::runtime::Runtime;

use super::{Answer, Bare, CONNECTIONS, Operation, entry, filled, name, names};

struct Postgres(PgPool);
struct MariaDb(MySqlPool);

pub(in super::super) fn postgres(runtime: &Runtime, url: &str) -> Box<dyn Bare> {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
    let pool = runtime.block_on(options.connect(url)).expect("a server");
    let create = "CREATE TABLE IF NOT EXISTS benches_bare (k BYTEA PRIMARY KEY, v BYTEA NOT NULL, exp BIGINT)";
    runtime.block_on(sqlx::query(create).execute(&pool)).expect("a table");
    filled(runtime, Postgres(pool))
}

pub(in super::super) fn mariadb(runtime: &Runtime, url: &str) -> Box<dyn Bare> {
    let options = MySqlPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
    let pool = runtime.block_on(options.connect(url)).expect("a server");
    let create =
        "CREATE TABLE IF NOT EXISTS benches_bare (k VARBINARY(512) PRIMARY KEY, v LONGBLOB NOT NULL, exp BIGINT)";
    runtime.block_on(sqlx::query(create).execute(&pool)).expect("a table");
    filled(runtime, MariaDb(pool))
}

/// The statements of a server: what gets, what sets, and what stands for so many parameters of one that gets many.
macro_rules! bare {
    ($client:ident, $get:literal, $set:literal, $many:expr) => {
        impl Bare for $client {
            fn call(&self, operation: Operation, key: u64) -> Answer {
                let pool = self.0.clone();
                Box::pin(async move {
                    let asked = match operation {
                        Operation::Get => {
                            let row = sqlx::query_as::<_, (Vec<u8>,)>($get).bind(name(key).into_bytes());
                            row.fetch_optional(&pool).await.map(drop)
                        }
                        Operation::Set => {
                            let set = sqlx::query($set).bind(name(key).into_bytes()).bind(entry());
                            set.bind(None::<i64>).execute(&pool).await.map(drop)
                        }
                        Operation::GetMany => {
                            let names: Vec<_> = names(key).into_iter().map(String::into_bytes).collect();
                            $many(&pool, names).await
                        }
                    };
                    asked.expect("an answer");
                })
            }
        }
    };
}

type Row = (Vec<u8>, Vec<u8>);

async fn many_of_postgres(pool: &PgPool, names: Vec<Vec<u8>>) -> sqlx::Result<()> {
    let many = sqlx::query_as::<_, Row>("SELECT k, v FROM benches_bare WHERE k = ANY($1)").bind(names);
    many.fetch_all(pool).await.map(drop)
}

async fn many_of_mariadb(pool: &MySqlPool, names: Vec<Vec<u8>>) -> sqlx::Result<()> {
    let marks = vec!["?"; names.len()].join(", ");
    let many = sqlx::AssertSqlSafe(format!("SELECT k, v FROM benches_bare WHERE k IN ({marks})"));
    let many = names.into_iter().fold(sqlx::query_as::<_, Row>(many), sqlx::query::QueryAs::bind);
    many.fetch_all(pool).await.map(drop)
}

bare!(
    Postgres,
    "SELECT v FROM benches_bare WHERE k = $1",
    "INSERT INTO benches_bare (k, v, exp) VALUES ($1, $2, $3) \
     ON CONFLICT (k) DO UPDATE SET v = excluded.v, exp = excluded.exp",
    many_of_postgres
);
bare!(
    MariaDb,
    "SELECT v FROM benches_bare WHERE k = ?",
    "INSERT INTO benches_bare (k, v, exp) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v), exp = VALUES(exp)",
    many_of_mariadb
);
