use cacher::cache;

#[cache(ttl = "5m", capacity = 10, ttl = "1h")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
