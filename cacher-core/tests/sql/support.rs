//! Servers, tables of a test's own on them, and a way to them beside the store.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{
        Key,
        driven::{Breaker, Driven},
        sql::Sql,
    },
    error::Error,
};
use cacher_servers::Server;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::runtime::{Builder, Runtime};

pub(crate) type Store = Driven<Sql>;

/// The URLs of those servers that all tests share.
pub(crate) fn shared() -> Vec<String> {
    let postgres = if cfg!(feature = "postgres") { cacher_servers::postgres() } else { None };
    let mariadb = if cfg!(feature = "mysql") { cacher_servers::mariadb() } else { None };
    postgres.into_iter().chain(mariadb).collect()
}

/// Servers of a test's own.
pub(crate) enum Private {
    Postgres(cacher_servers::Postgres),
    MariaDb(cacher_servers::MariaDb),
}

impl Private {
    pub(crate) fn all() -> Vec<Self> {
        let postgres = if cfg!(feature = "postgres") { cacher_servers::Postgres::private() } else { None };
        let mariadb = if cfg!(feature = "mysql") { cacher_servers::MariaDb::private() } else { None };
        postgres.map(Self::Postgres).into_iter().chain(mariadb.map(Self::MariaDb)).collect()
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Postgres(server) => server.url(),
            Self::MariaDb(server) => server.url(),
        }
    }
}

impl Deref for Private {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Postgres(server) => server,
            Self::MariaDb(server) => server,
        }
    }
}

/// A table that no other test uses, in the database of a URL; gone with the value.
pub(crate) struct Scratch {
    database: String,
    pub(crate) table: String,
}

impl Scratch {
    pub(crate) fn of(database: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let table = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { database: database.to_owned(), table }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}?table={}", self.database, self.table)
    }

    /// The store on this table, with connections of its own, as another process would have it. It bears a busy machine.
    pub(crate) fn open(&self) -> Store {
        store(&format!("{}&timeout=10s", self.url()))
    }

    pub(crate) fn drop_table(&self) {
        Session::open(&self.database).run(&format!("DROP TABLE IF EXISTS {}", self.table)).expect("a server");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What failed is said already, and perhaps the server is gone.
        if !std::thread::panicking() {
            self.drop_table();
        }
    }
}

/// A store that is asked again however often it fails.
pub(crate) fn store(url: &str) -> Store {
    let mut breaker = Breaker::default();
    breaker.least = u32::MAX;
    Driven::with_breaker(Sql::from_url(url).expect("a URL"), breaker)
}

pub(crate) fn key(namespace: &str, name: &str) -> Key {
    Key { namespace: Arc::from(namespace), name: Arc::from(name), format: "json" }
}

/// So many milliseconds from now, or before.
pub(crate) fn after(milliseconds: i64) -> SystemTime {
    let by = Duration::from_millis(milliseconds.unsigned_abs());
    if milliseconds < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
}

/// The error of what must fail.
#[track_caller]
pub(crate) fn failure<T: std::fmt::Debug>(answer: Result<T, Error>) -> Error {
    answer.expect_err("the server does not do this")
}

/// A connection beside those of the store.
pub(crate) struct Session {
    runtime: Runtime,
    wire: Wire,
}

enum Wire {
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgConnection),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlConnection),
}

impl Session {
    pub(crate) fn open(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let wire = runtime.block_on(async {
            match url.split(':').next() {
                #[cfg(feature = "postgres")]
                Some("postgres") => Wire::Postgres(sqlx::PgConnection::connect(url).await.expect("a server")),
                #[cfg(feature = "mysql")]
                Some("mysql") => Wire::MySql(sqlx::MySqlConnection::connect(url).await.expect("a server")),
                _ => panic!("another kind of server: {url}"),
            }
        });
        Self { runtime, wire }
    }

    /// Runs statements, and says how many rows they changed or found.
    pub(crate) fn run(&mut self, sql: &str) -> sqlx::Result<u64> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.wire {
            #[cfg(feature = "postgres")]
            Wire::Postgres(wire) => self.runtime.block_on(wire.execute(query)).map(|done| done.rows_affected()),
            #[cfg(feature = "mysql")]
            Wire::MySql(wire) => self.runtime.block_on(wire.execute(query)).map(|done| done.rows_affected()),
        }
    }
}
