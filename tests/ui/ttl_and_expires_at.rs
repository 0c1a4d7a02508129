use cacher::cache;
use std::time::SystemTime;

#[cache(ttl = "5m", expires_at = |_| SystemTime::now())]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
