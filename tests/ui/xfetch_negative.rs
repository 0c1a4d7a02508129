use cacher::cache;

#[cache(ttl = "1m", xfetch = -1.0)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
