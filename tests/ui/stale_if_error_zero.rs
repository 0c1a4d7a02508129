use cacher::cache;

#[cache(ttl = "1m", stale_if_error = "0s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
