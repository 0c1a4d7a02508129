//! Databases of a test's own. Each takes a few seconds to make: share one among the parts of a test.

use std::{env, ops::Deref};

use crate::{
    lacking,
    probe::Probe,
    server::{Kind, Server},
};

macro_rules! database {
    ($(#[$docs:meta])* $name:ident, $program:expr) => {
        $(#[$docs])*
        #[derive(Debug)]
        pub struct $name(Server);

        impl $name {
            /// One with the server's own settings.
            ///
            /// # Panics
            /// If it does not start, or is not installed and `CI` is set; where that is not, it is `None` instead.
            #[must_use]
            pub fn private() -> Option<Self> {
                Self::private_with(&[])
            }

            /// One with some options of its command line.
            ///
            /// # Panics
            /// As [`private`](Self::private).
            #[must_use]
            pub fn private_with(options: &[&str]) -> Option<Self> {
                let program = $program;
                let server = lacking::or_skipped(Server::prepare(&Self::KIND, &program), &program)?;
                let server = Self::prepared(server).argued(options);
                server.start();
                Some(Self(server))
            }
        }

        impl Deref for $name {
            type Target = Server;

            fn deref(&self) -> &Server {
                &self.0
            }
        }
    };
}

database! {
    /// A PostgreSQL, with a user `postgres` who has no password.
    Postgres, "postgres".to_owned()
}

impl Postgres {
    const KIND: Kind = Kind { name: "postgres", user: Some("postgres"), probe: Probe::Postgres };

    fn prepared(server: Server) -> Server {
        let data = ["--pgdata", "data", "--username", "postgres", "--auth", "trust"];
        server.set_up("initdb", &[&data[..], &["--encoding", "UTF8", "--locale", "C", "--no-sync"]].concat());
        let port = server.port().to_string();
        let place = ["-D", "data", "-p", &port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
        server.argued(place).argued(["-c", "fsync=off"])
    }

    /// The URL of its first database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }
}

database! {
    /// A MariaDB, with a user `root` who has no password.
    MariaDb, "mariadbd".to_owned()
}

impl MariaDb {
    const KIND: Kind = Kind { name: "mariadb", user: Some("mysql"), probe: Probe::MariaDb };

    fn prepared(server: Server) -> Server {
        let data = format!("--datadir={}", server.home().join("data").display());
        let socket = format!("--socket={}", server.home().join("socket").display());
        let root = "--auth-root-authentication-method=normal";
        server.set_up("mariadb-install-db", &["--no-defaults", &data, root]);
        let port = format!("--port={}", server.port());
        let kept = "--innodb-flush-log-at-trx-commit=0";
        server.argued(["--no-defaults", &data, &socket, &port, kept, "--bind-address=127.0.0.1"])
    }

    /// The URL of a database that anybody may use.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@{}/test", self.address())
    }
}

database! {
    /// A MongoDB alone, which has no transactions.
    MongoDb, env::var("CACHER_MONGOD").unwrap_or_else(|_| "mongod".to_owned())
}

impl MongoDb {
    const KIND: Kind = Kind { name: "mongodb", user: None, probe: Probe::MongoDb };

    fn prepared(server: Server) -> Server {
        let (port, home) = (server.port().to_string(), server.home().display().to_string());
        let place = ["--port", &port, "--bind_ip", "127.0.0.1", "--dbpath", &home, "--nounixsocket"];
        server.argued(place).argued(["--wiredTigerCacheSizeGB", "0.25"])
    }

    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mongodb://{}/test", self.address())
    }
}
