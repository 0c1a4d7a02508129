use cacher::cache;

#[cache(ttl = "1h", tti = "1m", refresh_at = 0.8)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
