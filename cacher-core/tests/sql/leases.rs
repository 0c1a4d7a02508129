//! Loads that take turns among processes, or have a rate in common.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cacher_core::direct::Cache;

use crate::{
    support::{Private, Scratch, Store, key, shared},
    turns,
};

/// A table of a server, as three processes would know it. It stays.
fn elsewhere(scheme: &str) -> Option<turns::Urls> {
    let database = shared().into_iter().find(|url| url.starts_with(scheme))?;
    let url = format!("{database}?table=turns&timeout=10s");
    Some(["127.0.0.1", "localhost", "LOCALHOST"].map(|host| url.replace("127.0.0.1", host)))
}

mod postgres {
    crate::turns::taken!(super::elsewhere("postgres"));
    crate::rates::shared!(super::elsewhere("postgres"));
}

mod mysql {
    crate::turns::taken!(super::elsewhere("mysql"));
    crate::rates::shared!(super::elsewhere("mysql"));
}

#[test]
fn without_its_server_each_process_has_the_rate() {
    for server in Private::all() {
        let url = format!("{}?timeout=200ms", server.url());
        crate::rates::without_its_server_each_process_has_the_rate(&url, || server.stop());
    }
}

const URL: &str = "CACHER_TEST_CHILD_URL";
const PATIENCE: Duration = Duration::from_secs(1);

fn turns(url: &str) -> Cache<u64, u64> {
    let builder = Cache::builder().name("turns").backend("memory://").backend(url);
    builder.distributed().patience(PATIENCE).build().expect("a cache")
}

/// What the child of the next test does.
#[test]
#[ignore = "it runs as a child, and is killed"]
fn child_loads() {
    let Ok(url) = env::var(URL) else { return };
    turns(&url).get_or_load(&1, || {
        println!("loading");
        loop {
            thread::park();
        }
    });
}

#[test]
fn an_owner_that_is_killed_is_waited_for_no_longer_than_its_lease() {
    for server in Private::all() {
        let mut child = Command::new(env::current_exe().expect("a path"))
            .args(["--ignored", "--exact", "leases::child_loads", "--nocapture"])
            .env(URL, server.url())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
        assert!(said.any(|line| line.expect("text").ends_with("loading")));
        child.kill().expect("a child");
        child.wait().expect("a child");
        let (cache, start) = (turns(&server.url()), Instant::now());
        assert_eq!(cache.get_or_load(&1, || 2), 2);
        assert!(start.elapsed() < PATIENCE * 3, "{:?}", start.elapsed());
        assert_eq!(cache.get(&1), Some(2));
        assert_eq!(cache.get_or_load(&2, || 3), 3, "another key is free");
    }
}

fn lease(store: &Store, name: &str, life: Duration) -> Option<String> {
    use cacher_core::backend::Backend;
    let native = store.native().expect("a store of its kind");
    let asking = native.lease(key("leases", name), "ann".to_owned(), life);
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(asking).expect("a server")
}

#[test]
fn what_was_left_is_swept_when_its_time_is_over() {
    use cacher_core::backend::Backend;
    for database in shared() {
        let scratch = Scratch::of(&database);
        let store = scratch.open();
        assert!(lease(&store, "kept", Duration::from_secs(60)).is_some());
        for number in 0..10 {
            assert!(lease(&store, &number.to_string(), Duration::from_millis(1)).is_some());
        }
        let mut session = crate::support::Session::open(&scratch.url());
        let start = Instant::now();
        let rows = loop {
            assert_eq!(
                store.sweep("leases", std::time::SystemTime::now()).expect("a server"),
                0,
                "they are no entries"
            );
            let rows = session.run(&format!("UPDATE {} SET exp = exp", scratch.table)).expect("a server");
            if rows <= 1 || start.elapsed() > Duration::from_secs(5) {
                break rows;
            }
        };
        assert_eq!(rows, 1, "{database}");
    }
}
