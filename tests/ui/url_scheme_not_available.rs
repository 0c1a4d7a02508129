use cacher::cache;

#[cache(backend = ["memory://", "memcached://localhost"])]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
