use cacher::cache;

#[cache(ttl = "1m", stale_if_error = "1h", soft_timeout = 100)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
