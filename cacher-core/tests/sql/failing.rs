//! Servers that are down, come back, stop in their tracks, or let nobody in.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use cacher_core::{backend::Backend, error::Kind};
use cacher_servers::Proxy;

use crate::support::{Private, Scratch, Session, Store, failure, key, shared, store};

const PATIENCE: Duration = Duration::from_secs(1);

#[track_caller]
fn is_unavailable(store: &Store) {
    let start = Instant::now();
    let error = failure(store.get(&key("failing", "one")));
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    assert!(start.elapsed() < PATIENCE + Duration::from_millis(500), "{:?}", start.elapsed());
}

#[track_caller]
fn works(store: &Store) {
    store.put(&key("failing", "one"), b"entry", None).expect("a server");
    assert_eq!(store.get(&key("failing", "one")).expect("a server").as_deref(), Some(&b"entry"[..]));
}

/// Uses all connections at once.
fn uses_all(store: &Store) {
    thread::scope(|scope| {
        for user in 0..16 {
            scope.spawn(move || {
                for round in 0..10 {
                    store.put(&key("failing", &format!("{user} {round}")), &vec![0; 50_000], None).expect("a server");
                }
            });
        }
    });
}

#[test]
fn a_server_may_start_late_and_start_again() {
    for server in Private::all() {
        server.stop();
        let store = store(&server.url());
        is_unavailable(&store);
        server.start();
        works(&store);
        uses_all(&store);
        server.stop();
        is_unavailable(&store);
        server.start();
        works(&store);
        uses_all(&store);
        // All connections are dead, and nobody has seen it.
        server.stop();
        server.start();
        works(&store);
    }
}

#[test]
fn a_server_that_stops_in_its_tracks_is_not_waited_for() {
    for server in Private::all() {
        let store = store(&server.url());
        uses_all(&store);
        server.pause();
        thread::scope(|scope| (0..20).for_each(|_| drop(scope.spawn(|| is_unavailable(&store)))));
        server.resume();
        works(&store);
        uses_all(&store);
    }
}

#[test]
fn an_answer_that_is_cut_is_asked_for_again() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let address = database.split(['@', '/']).nth(3).expect("an address");
        let proxy = Proxy::before(address);
        let store = store(&scratch.url().replace(address, &proxy.address()));
        let entry = vec![7; 100_000];
        store.put(&key("cut", "one"), &entry, None).expect("a server");
        for bytes in [0, 1, 5, 100, 50_000] {
            proxy.cut_after(bytes);
            let cut = failure(store.get(&key("cut", "one")));
            assert_eq!(cut.kind(), Kind::Unavailable, "{cut}");
            proxy.pass();
            assert!(store.get(&key("cut", "one")).expect("a server").is_some_and(|found| found == entry));
        }
        proxy.drop_all();
        assert!(store.get(&key("cut", "one")).expect("a server").is_some_and(|found| found == entry));
        proxy.hold();
        is_unavailable(&store);
        proxy.drop_all();
        proxy.pass();
        works(&store);
        proxy.refuse();
        proxy.drop_all();
        is_unavailable(&store);
        proxy.pass();
        works(&store);
    }
}

#[test]
fn connections_are_as_many_as_allowed() {
    for database in shared() {
        let scratch = Scratch::of(&database);
        let address = database.split(['@', '/']).nth(3).expect("an address");
        let proxy = Proxy::before(address);
        let store = store(&format!("{}&connections=3&timeout=10s", scratch.url().replace(address, &proxy.address())));
        assert_eq!(proxy.connections(), 0, "none before it is used");
        works(&store);
        assert_eq!(proxy.connections(), 1);
        uses_all(&store);
        assert!((2..=3).contains(&proxy.connections()), "{}", proxy.connections());
    }
}

#[test]
fn a_wrong_password_is_not_shown() {
    for server in Private::all() {
        let mut root = Session::open(&server.url());
        if let Private::Postgres(_) = server {
            root.run("CREATE ROLE app LOGIN PASSWORD 'right'; GRANT ALL ON SCHEMA public TO app").expect("root");
            let rules = "host all postgres 127.0.0.1/32 trust\nhost all app 127.0.0.1/32 scram-sha-256\n";
            fs::write(server.home().join("data/pg_hba.conf"), rules).expect("rules");
            root.run("SELECT pg_reload_conf()").expect("root");
        } else {
            root.run("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'right'; GRANT ALL ON test.* TO app@'127.0.0.1'")
                .expect("root");
        }
        let url =
            |password: &str| server.url().replace("postgres@", "root@").replace("root@", &format!("app:{password}@"));
        let wrong = store(&url("hunter2"));
        let answered = (0..100).find_map(|_| {
            thread::sleep(Duration::from_millis(20));
            wrong.get(&key("wrong", "one")).err()
        });
        let error = answered.expect("the wrong password");
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        let text = format!("{error} {error:?} {wrong:?} {}", wrong.describe());
        assert!(!text.contains("hunter2"), "{text}");
        works(&store(&url("right")));
    }
}
