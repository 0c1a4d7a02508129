//! Servers that answer, and refuse: the password, or what is to be written.

use std::time::Duration;

use crate::scene::{Numbers, bounded_by, caches, soon};

/// Two answers of three seconds each, which hashing a password takes where nothing is optimised.
const BOUND: Duration = Duration::from_secs(8);

/// A function of `key` on each of these caches, whatever the server says.
fn calls(caches: &[Numbers], key: u64) {
    for cache in caches {
        assert_eq!(bounded_by(BOUND, || cache.get_or_load(&key, || key * 10)), key * 10);
        assert_eq!(bounded_by(BOUND, || cache.try_get_or_load(&(key + 1), || Err::<u64, _>("no"))), Err("no"));
    }
}

/// The server takes what it is given again, and nothing waits.
fn recovers(cache: &Numbers, first: u64) {
    let mut key = first;
    soon(|| {
        key += 1;
        let before = cache.stats().store_errors;
        cache.set(&key, key) && cache.get_or_load(&key, || 0) == key && cache.stats().store_errors == before
    });
    soon(|| cache.stats().pending_removals == 0);
}

/// `change` makes the password of the user `app` this one; `url` has another.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "mongodb"))]
fn is_let_in_at_last(url: &str, right: &str, change: impl Fn(&str)) {
    let caches = caches("password::", &(url.replace("PASSWORD", right) + "?timeout=3s"));
    change("hunter2");
    calls(&caches, 100);
    assert!(caches.iter().any(|cache| cache.stats().store_errors > 0), "it refused");
    change(right);
    for cache in &caches {
        recovers(cache, 200);
    }
}

/// `refuse` makes the server one that is only read from, or again one that is written to.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "mongodb"))]
fn bears_to_be_refused(url: &str, refuse: impl Fn(bool)) {
    for cache in caches("refused::", &format!("{url}?timeout=3s")) {
        soon(|| cache.set(&1, 10) && cache.get(&1) == Some(10));
        refuse(true);
        let before = cache.stats().store_errors;
        calls(std::slice::from_ref(&cache), 100);
        assert!(cache.stats().store_errors > before, "it refused");
        cache.set(&1, 11);
        assert_ne!(cache.get(&1), Some(10), "what could not be replaced is not served");
        cache.delete(&1);
        assert_eq!(bounded_by(BOUND, || cache.get(&1)), None, "what could not be removed is not served");
        bounded_by(BOUND, || cache.clear());
        assert_eq!(bounded_by(BOUND, || cache.get(&1)), None);
        refuse(false);
        recovers(&cache, 1000);
        assert_eq!(cache.get(&1), None, "it is gone now");
        cache.clear();
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
mod sql {
    #[cfg(feature = "postgres")]
    use std::fs;

    use sqlx::{AssertSqlSafe, Connection, Executor};
    use tokio::runtime::{Builder, Runtime};

    use super::{bears_to_be_refused, is_let_in_at_last};

    /// The administrator of a server, who stays connected.
    struct Root<C>(Runtime, C);

    macro_rules! root {
        ($name:ident: $connection:ty) => {
            impl Root<$connection> {
                fn $name(url: &str) -> Self {
                    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                    let connection = runtime.block_on(<$connection>::connect(url)).expect("a server");
                    Self(runtime, connection)
                }

                fn run(&mut self, sql: &str) {
                    let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
                    self.0.block_on(self.1.execute(query)).expect("a server");
                }
            }
        };
    }

    #[cfg(feature = "mysql")]
    mod mariadb {
        use super::*;

        root!(mysql: sqlx::MySqlConnection);

        /// A server with a user `app`, and its URL.
        fn server() -> Option<(cacher_servers::MariaDb, String)> {
            let server = cacher_servers::MariaDb::private()?;
            let app = "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'right'; GRANT ALL ON test.* TO app@'127.0.0.1'";
            Root::mysql(&server.url()).run(app);
            let url = server.url().replace("root@", "app:PASSWORD@");
            Some((server, url))
        }

        #[test]
        fn a_wrong_password_that_is_made_right() {
            let Some((server, url)) = server() else { return };
            is_let_in_at_last(&url, "right", |password| {
                Root::mysql(&server.url()).run(&format!("ALTER USER app@'127.0.0.1' IDENTIFIED BY '{password}'"));
            });
        }

        #[test]
        fn a_server_that_is_only_read_from() {
            let Some((server, url)) = server() else { return };
            bears_to_be_refused(&url.replace("PASSWORD", "right"), |refuse| {
                Root::mysql(&server.url()).run(&format!("SET GLOBAL read_only = {}", u8::from(refuse)));
            });
        }
    }

    #[cfg(feature = "postgres")]
    mod postgres {
        use super::*;

        root!(postgres: sqlx::PgConnection);

        fn server() -> Option<(cacher_servers::Postgres, String)> {
            let server = cacher_servers::Postgres::private()?;
            let mut root = Root::postgres(&server.url());
            root.run("CREATE ROLE app LOGIN PASSWORD 'right'; GRANT ALL ON SCHEMA public TO app");
            let rules = "host all postgres 127.0.0.1/32 trust\nhost all app 127.0.0.1/32 scram-sha-256\n";
            fs::write(server.home().join("data/pg_hba.conf"), rules).expect("rules");
            root.run("SELECT pg_reload_conf()");
            let url = server.url().replace("postgres@", "app:PASSWORD@");
            Some((server, url))
        }

        #[test]
        fn a_wrong_password_that_is_made_right() {
            let Some((server, url)) = server() else { return };
            is_let_in_at_last(&url, "right", |password| {
                Root::postgres(&server.url()).run(&format!("ALTER ROLE app PASSWORD '{password}'"));
            });
        }

        #[test]
        fn a_server_that_is_only_read_from() {
            let Some((server, url)) = server() else { return };
            bears_to_be_refused(&url.replace("PASSWORD", "right"), |refuse| {
                let mut root = Root::postgres(&server.url());
                root.run("SET default_transaction_read_only = off");
                root.run(&format!(
                    "ALTER SYSTEM SET default_transaction_read_only = {}",
                    if refuse { "on" } else { "off" }
                ));
                root.run("SELECT pg_reload_conf()");
                // Sessions hear of it in their own time.
                std::thread::sleep(std::time::Duration::from_millis(300));
            });
        }
    }
}

#[cfg(feature = "mongodb")]
mod mongodb {
    use ::mongodb::{
        Client,
        bson::{Document, doc},
    };

    use super::{bears_to_be_refused, is_let_in_at_last};

    /// A server that asks for passwords, with a user `app`, and its URL.
    fn server() -> Option<(cacher_servers::MongoDb, String)> {
        let server = cacher_servers::MongoDb::private_with(&["--auth"])?;
        let admin = server.url().replace("/test", "/admin");
        // The first user is let in without any.
        run(&admin, doc! { "createUser": "root", "pwd": "root", "roles": ["root"] });
        let app = doc! { "createUser": "app", "pwd": "right", "roles": ["readWrite"] };
        run(&root(&server), app);
        let url = server.url().replace("mongodb://", "mongodb://app:PASSWORD@");
        Some((server, url))
    }

    fn root(server: &cacher_servers::MongoDb) -> String {
        server.url().replace("mongodb://", "mongodb://root:root@") + "?authSource=admin"
    }

    fn run(url: &str, command: Document) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let done = runtime.block_on(async {
            let client = Client::with_uri_str(url).await?;
            client.default_database().expect("a database in the URL").run_command(command).await
        });
        done.expect("done");
    }

    #[test]
    fn a_wrong_password_that_is_made_right() {
        let Some((server, url)) = server() else { return };
        is_let_in_at_last(&url, "right", |password| run(&root(&server), doc! { "updateUser": "app", "pwd": password }));
    }

    #[test]
    fn a_user_who_may_only_read() {
        let Some((server, url)) = server() else { return };
        bears_to_be_refused(&url.replace("PASSWORD", "right"), |refuse| {
            let role = if refuse { "read" } else { "readWrite" };
            run(&root(&server), doc! { "updateUser": "app", "roles": [role] });
        });
    }
}

#[cfg(feature = "memcached")]
mod memcached {
    use std::{fs, os::unix::fs::PermissionsExt};

    use cacher_core::{direct::Cache, testkit::TempDir};

    use super::{BOUND, bounded_by, caches, calls, recovers, soon};

    /// It reads its passwords once, so there the right one comes with a start.
    #[test]
    fn a_wrong_password_that_is_made_right() {
        let dir = TempDir::new();
        let file = dir.path().join("users");
        fs::write(&file, "app:hunter2\n").expect("a file");
        for (path, mode) in [(dir.path(), 0o755), (&*file, 0o644)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its own file");
        }
        let Some(server) = cacher_servers::Memcached::private_with(&["-Y", &file.display().to_string()]) else {
            return;
        };
        let caches = caches("password::", &server.url().replace("://", "://app:right@"));
        calls(&caches, 100);
        assert!(caches.iter().any(|cache| cache.stats().store_errors > 0), "it refused");
        fs::write(&file, "app:right\n").expect("a file");
        server.stop();
        server.start();
        for cache in &caches {
            recovers(cache, 200);
        }
    }

    /// `-M` refuses what there is no room for.
    #[test]
    fn a_server_that_is_full() {
        let Some(server) = cacher_servers::Memcached::private_with(&["-m", "2", "-M"]) else { return };
        let pages: Cache<u64, Vec<u8>> =
            Cache::builder().name("full").backend(server.url() + "?timeout=3s").build().expect("a cache");
        let page = |key: u64| key.to_le_bytes().repeat(1000);
        assert!((0..1000).all(|key| bounded_by(BOUND, || pages.get_or_load(&key, || page(key)) == page(key))));
        let found = (0..1000).filter_map(|key| Some((key, pages.get(&key)?)));
        assert!(found.map(|(key, found)| assert_eq!(found, page(key))).count() < 1000);
        assert!(pages.stats().store_errors > 0, "it was full");
        server.stop();
        server.start();
        let mut key = 1000;
        soon(|| {
            key += 1;
            pages.set(&key, page(key)) && pages.get(&key) == Some(page(key))
        });
    }
}
