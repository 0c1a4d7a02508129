//! Loads that take turns, when their owner fails.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cacher_core::direct::Cache;
use cacher_servers::Redis;

use super::Scene;
use crate::scene::{Numbers, bounded};

const URL: &str = "CACHER_TEST_CHILD_URL";
const PATIENCE: Duration = Duration::from_secs(1);

fn turns(url: &str) -> Numbers {
    let builder = Cache::builder().name("turns").backend("memory://").backend(format!("{url}?timeout=200ms"));
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
    let Some(server) = Redis::private() else { return };
    let mut child = Command::new(env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "redis::leases::child_loads", "--nocapture"])
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

/// Nobody knows whether the server has put the value: then nobody sees it.
#[test]
fn a_value_whose_answer_is_lost() {
    let Some(scene) = Scene::new() else { return };
    let (cache, other) = (turns(&format!("redis://{}", scene.proxy.address())), turns(&scene.server.url()));
    for key in 0..5 {
        let loaded = bounded(|| {
            cache.get_or_load(&key, || {
                scene.proxy.cut_after(0);
                1
            })
        });
        assert_eq!(loaded, 1);
        scene.proxy.pass();
        assert_eq!(bounded(|| other.get_or_load(&key, || 1)), 1);
        assert!(bounded(|| cache.set(&key, 2)));
        crate::scene::soon(|| cache.stats().pending_removals == 0);
        assert!(other.get(&key).is_none_or(|value| value == 2 || value == 1));
    }
}

/// Without the server there are no turns, and no waiting for them.
#[test]
fn a_server_that_gives_no_leases() {
    let Some(scene) = Scene::new() else { return };
    let cache = turns(&format!("redis://{}", scene.proxy.address()));
    scene.server.stop();
    for key in 0..10 {
        assert_eq!(bounded(|| cache.get_or_load(&key, || key)), key);
    }
    assert!(cache.stats().store_errors > 0);
}
