//! A source that is slow for each call, and answers for many items as fast as for one: only what is not cached is asked
//! for, in one call.
//!
//! `cargo run --example batch`

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use cacher::cache;

/// How often the source was called.
static CALLS: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Debug, PartialEq)]
struct Post {
    title: String,
}

/// `GET /posts?ids=1,2,3&lang=en`: a way there and back, whatever is asked for.
#[expect(clippy::unnecessary_wraps, reason = "a real one may fail")]
fn get(ids: &[u64], lang: &str) -> Result<HashMap<u64, Post>, String> {
    CALLS.fetch_add(1, Relaxed);
    thread::sleep(Duration::from_millis(50));
    println!("  GET /posts?ids={}&lang={lang}", ids.iter().map(u64::to_string).collect::<Vec<_>>().join(","));
    let post = |id: &u64| (*id, Post { title: format!("post {id} ({lang})") });
    Ok(ids.iter().filter(|id| **id < 100).map(post).collect())
}

/// Each post is kept for itself; that there is none, for a minute.
#[cache(batch = ids, ttl = "10m", none_ttl = "1m", max_batch = 50)]
fn posts(ids: &[u64], lang: &str) -> Result<HashMap<u64, Post>, String> {
    get(ids, lang)
}

fn main() -> Result<(), String> {
    println!("The first page asks for all:");
    assert_eq!(posts(&[1, 2, 3, 4], "en")?.len(), 4);
    println!("The second one, half of which is cached, for the rest:");
    assert_eq!(posts(&[3, 4, 5, 6, 5], "en")?.len(), 4);
    println!("The same page again, and a single post of it, ask for nothing:");
    assert_eq!(posts(&[6, 5, 4, 3], "en")?.len(), 4);
    let post = posts::one(6, "en")?;
    assert_eq!(post.map(|post| post.title).as_deref(), Some("post 6 (en)"));
    println!("What changed is asked for again, what is not there is not:");
    posts::entries(&[1, 2], "en").invalidate();
    assert_eq!(posts(&[1, 2, 3, 100], "en")?.len(), 3);
    assert_eq!(posts(&[1, 2, 3, 100], "en")?.len(), 3);
    println!("More than one call may take go in several:");
    assert_eq!(posts(&(0..100).collect::<Vec<_>>(), "de")?.len(), 100);

    let stats = posts::cache().stats();
    println!("{} calls for {} items, {} hits", stats.loads, stats.items, stats.hits);
    assert_eq!((stats.loads, stats.items), (5, 109));
    assert_eq!(CALLS.load(Relaxed), 5);
    Ok(())
}
