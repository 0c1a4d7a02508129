//! The store `file://`, through the attribute.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

use cacher::{
    Removal,
    backend::file::Files,
    cache,
    testing::{ManualClock, TempDir},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Post {
    title: String,
    tags: Vec<String>,
}

/// A directory of its own for each test. A backend cannot name arguments, so each test has a `static`.
macro_rules! files {
    ($name:ident) => {
        static $name: std::sync::LazyLock<(TempDir, Files)> = std::sync::LazyLock::new(|| {
            let dir = TempDir::new();
            let files = Files::new(dir.path());
            (dir, files)
        });
    };
}

#[test]
fn an_entry_is_a_file_that_a_person_can_read() {
    files!(DIR);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = &DIR.1, ttl = "1d", ignore = [api_key], name = "posts")]
    fn posts(endpoint: &str, user_id: u64, api_key: &str) -> Result<Vec<Post>, std::io::Error> {
        RUNS.fetch_add(1, SeqCst);
        assert_eq!(api_key, "s3cret");
        Ok(vec![Post { title: format!("{endpoint} of {user_id}"), tags: vec!["é".into()] }])
    }
    let first = posts("/posts", 1, "s3cret").unwrap();
    assert_eq!(posts("/posts", 1, "s3cret").unwrap(), first);
    assert_eq!(RUNS.load(SeqCst), 1);
    let directory = fs::read_dir(DIR.0.path()).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    println!("{}\n{text}", file.display());
    assert!(text.contains("\"endpoint\": \"/posts\"") && text.contains("\"user_id\": 1") && text.contains("\"é\""));
    assert!(!text.contains("s3cret"));
    assert_eq!(posts::entry("/posts", 1).invalidate(), Removal::Removed);
    assert!(!file.exists());
    assert_eq!(posts::cache().len(), 0);
}

#[test]
fn memory_in_front_is_filled_from_a_file() {
    files!(DIR);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = ["memory://?capacity=10", &DIR.1], ttl = "1h")]
    fn twice(n: u64) -> u64 {
        2 * n
    }
    assert_eq!(twice(4), 8);
    assert_eq!(twice::cache().len(), 1);
    assert_eq!(twice(4), 8);
    clock.advance(Duration::from_secs(3601));
    assert_eq!(twice::entry(4).peek(), None);
    assert_eq!(twice(4), 8);
    assert_eq!(twice::cache().stats().loads, 2);
}

#[tokio::test]
async fn async_functions_use_files_too() {
    files!(DIR);
    #[cache(backend = &DIR.1)]
    async fn hello(name: &str) -> String {
        tokio::task::yield_now().await;
        format!("hello {name}")
    }
    assert_eq!(hello("a").await, "hello a");
    assert_eq!(tokio::spawn(hello("a")).await.unwrap(), "hello a");
    assert_eq!(hello::cache().stats().hits, 1);
    assert_eq!(hello::entry("a").peek().await.as_deref(), Some("hello a"));
    assert_eq!(hello::entry("a").invalidate().await, Removal::Removed);
    assert_eq!(hello::entry("a").blocking().peek(), None);
}
