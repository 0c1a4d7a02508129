//! What a server answers and does not do.

use cacher_core::{
    backend::Backend,
    error::{Error, Kind},
};

#[cfg(feature = "mysql")]
use crate::support::Private;
#[cfg(feature = "postgres")]
use crate::support::{Scratch, shared};
use crate::support::{Session, failure, key, store};

fn is_rejected(error: &Error) {
    assert_eq!(error.kind(), Kind::Rejected, "{error}");
}

#[test]
#[cfg(feature = "postgres")]
fn a_read_only_server_is_read() {
    for database in shared().into_iter().filter(|database| database.starts_with("postgres")) {
        let scratch = Scratch::of(&database);
        let read_only = store(&format!("{}&options=-c%20default_transaction_read_only=on", scratch.url()));
        is_rejected(&failure(read_only.get(&key("read", "one"))));
        scratch.open().put(&key("read", "one"), b"entry", None).expect("a server");
        assert_eq!(read_only.get(&key("read", "one")).expect("a server").as_deref(), Some(&b"entry"[..]));
        is_rejected(&failure(read_only.put(&key("read", "one"), b"other", None)));
        is_rejected(&failure(read_only.clear("read")));
        assert_eq!(scratch.open().len("read").expect("a server"), 1);
    }
}

#[test]
#[cfg(feature = "postgres")]
fn a_statement_over_its_time_is_given_up() {
    for database in shared().into_iter().filter(|database| database.starts_with("postgres")) {
        let scratch = Scratch::of(&database);
        let hurried = store(&format!("{}&options=-c%20statement_timeout=50", scratch.url()));
        gives_up(&scratch.table, &mut Session::open(&database), &hurried);
    }
}

/// A writer that another holds up.
fn gives_up(table: &str, session: &mut Session, hurried: &crate::support::Store) {
    let key = key("hurried", "one");
    hurried.put(&key, b"entry", None).expect("a server");
    session.run("BEGIN").expect("a server");
    session.run(&format!("UPDATE {table} SET exp = 1")).expect("a server");
    is_rejected(&failure(hurried.put(&key, b"other", None)));
    session.run("ROLLBACK").expect("a server");
    hurried.put(&key, b"other", None).expect("a server");
}

#[test]
#[cfg(feature = "mysql")]
fn mariadb_refuses_what_is_too_large_too_slow_or_forbidden() {
    let Some(server) = cacher_servers::MariaDb::private().map(Private::MariaDb) else { return };
    let mut root = Session::open(&server.url());
    root.run("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT ALL ON test.* TO app@'127.0.0.1'")
        .expect("root");
    root.run("SET GLOBAL max_allowed_packet = 2097152; SET GLOBAL max_statement_time = 0.05").expect("root");
    let store = store(&server.url().replace("root", "app:secret"));
    for size in [2_000_000, 2_097_000, 2_097_152, 3 << 20] {
        let put = store.put(&key("large", "one"), &vec![0; size], None);
        match put {
            Ok(()) => assert!(size < 2_097_152),
            Err(error) => is_rejected(&error),
        }
    }
    assert!(store.get(&key("large", "one")).expect("a server").is_some(), "the connection is as it was");
    gives_up("cacher_entries", &mut Session::open(&server.url().replace("root", "app:secret")), &store);
    root.run("SET GLOBAL read_only = 1").expect("root");
    is_rejected(&failure(store.put(&key("large", "two"), b"entry", None)));
    assert!(store.get(&key("large", "one")).expect("a server").is_some());
}
