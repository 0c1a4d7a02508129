use cacher::cache;

#[cache(ttl = "1m", refresh_at = 1.5)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
