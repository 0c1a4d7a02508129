//! Memory in front of Redis, which many machines share.
//!
//! ```text
//! REDIS_URL=redis://localhost cargo run --example redis_tiers --features redis
//! ```
//! Without a server it runs as well: what a store can't answer, the function does.

use std::{env, time::Duration};

use cacher::cache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

fn redis() -> String {
    env::var("REDIS_URL").unwrap_or_else(|_| "redis://localhost".into())
}

/// Of all processes that share the server one asks the database, and the others get its answer.
#[cache(
    name = "examples::user",
    backend = ["memory://?capacity=10000", redis()],
    ttl = "5m",
    single_flight = distributed,
)]
async fn user(id: u64) -> Result<User, std::io::Error> {
    println!("asking the database for user {id}");
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(User { id, name: format!("user {id}") })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), std::io::Error> {
    cacher::on_fault(|fault| eprintln!("{fault}"));
    for _ in 0..3 {
        println!("{:?}", user(7).await?);
    }
    // Every other process that has it in memory hears of this.
    println!("{:?}", user::entry(7).invalidate().await);
    println!("{:?}", user(7).await?);
    let stats = user::cache().stats();
    println!("{} loads, {} hits, {} faults", stats.loads, stats.hits, stats.store_errors);
    Ok(())
}
