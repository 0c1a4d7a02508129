use cacher::cache;

#[cache(ttl = |value| *value)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
