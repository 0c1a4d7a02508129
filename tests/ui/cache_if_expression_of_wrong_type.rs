use cacher::cache;

#[cache(cache_if = n + 1)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
