//! A resolver that asks for one author at a time, as those of GraphQL do: within a window of two milliseconds all who
//! ask share one query.
//!
//! `cargo run --example data_loader`

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use cacher::cache;
use futures::future::join_all;

/// How many queries there were.
static QUERIES: AtomicU64 = AtomicU64::new(0);

struct Post {
    title: String,
    author: u64,
}

/// `SELECT id, name FROM authors WHERE id = ANY(..)`
async fn query(ids: &[u64]) -> HashMap<u64, String> {
    QUERIES.fetch_add(1, Relaxed);
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    println!("  SELECT id, name FROM authors WHERE id = ANY({ids:?})");
    ids.iter().filter(|id| **id != 7).map(|id| (*id, format!("author {id}"))).collect()
}

#[cache(batch = ids, ttl = "1m", batch_window = "2ms", max_batch = 100)]
async fn authors(ids: &[u64]) -> HashMap<u64, String> {
    query(ids).await
}

/// What a framework calls for each post, knowing nothing of the others.
async fn resolve(post: &Post) -> String {
    let author = authors::one(post.author).await;
    format!("{} by {}", post.title, author.as_deref().unwrap_or("nobody"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let posts: Vec<_> = (0..30).map(|id| Post { title: format!("post {id}"), author: id % 10 }).collect();
    println!("Thirty posts of ten authors, each resolved for itself:");
    let lines = join_all(posts.iter().map(resolve)).await;
    assert_eq!(lines[13], "post 13 by author 3");
    assert_eq!(lines[17], "post 17 by nobody");
    assert_eq!(QUERIES.load(Relaxed), 1);

    println!("Again: all but the one who is not there are cached.");
    join_all(posts.iter().map(resolve)).await;
    println!("A new one, along with old ones:");
    let more = [Post { title: "news".to_owned(), author: 12 }, Post { title: "more".to_owned(), author: 3 }];
    assert_eq!(join_all(more.iter().map(resolve)).await, ["news by author 12", "more by author 3"]);
    let stats = authors::cache().stats();
    println!("{} queries for {} authors, {} calls", stats.loads, stats.items, stats.hits + stats.misses);
    assert_eq!((QUERIES.load(Relaxed), stats.items), (3, 12));
}
