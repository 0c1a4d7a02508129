use cacher::cache;

#[cache(cache_if = |value, old| value != old)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
