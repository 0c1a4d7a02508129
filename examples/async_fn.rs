//! Async functions take the same attribute. Ten calls at once cause one load; nine wait for it.
//!
//! `cargo run --example async_fn`

use std::time::{Duration, Instant};

use cacher::{Removal, cache};
use tokio::{task::JoinSet, time::sleep};

#[derive(Clone, Debug, PartialEq)]
struct User {
    id: u64,
    name: String,
}

#[derive(Clone, Debug, PartialEq)]
struct NotFound;

#[cache(capacity = 10_000, ttl = "5m")]
async fn user(id: u64) -> Result<User, NotFound> {
    println!("  asking the database for user {id}");
    sleep(Duration::from_millis(200)).await;
    if id == 0 { Err(NotFound) } else { Ok(User { id, name: format!("user {id}") }) }
}

#[tokio::main]
async fn main() {
    println!("Ten tasks ask for one user:");
    let began = Instant::now();
    let tasks: JoinSet<_> = (0..10).map(|_| user(7)).collect();
    let users = tasks.join_all().await;
    assert!(users.iter().all(|found| found.as_ref().is_ok_and(|user| user.id == 7)));

    let stats = user::cache().stats();
    println!("{} load, {} waited for it, {:?} in all\n", stats.loads, stats.waits, began.elapsed());
    assert_eq!((stats.loads, stats.waits), (1, 9));

    println!("An error is not kept, so both calls ask:");
    assert_eq!((user(0).await, user(0).await), (Err(NotFound), Err(NotFound)));
    assert_eq!(user::cache().stats().load_failures, 2);

    println!("\nEntries are async too:");
    println!("  {}", user::entry(7).explain().await);
    assert_eq!(user::entry(7).invalidate().await, Removal::Removed);
    assert_eq!(user::entry(7).peek().await, None);
}
