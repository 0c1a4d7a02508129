use cacher::cache;

#[cache(ttl = "1m", soft_timeout = "100ms")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
