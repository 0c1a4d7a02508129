use cacher::cache;

#[cache(ttl)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
