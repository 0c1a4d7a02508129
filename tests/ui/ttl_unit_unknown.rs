use cacher::cache;

#[cache(ttl = "5min")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
