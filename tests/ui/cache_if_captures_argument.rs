use cacher::cache;

#[cache(cache_if = |value| *value > n)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
