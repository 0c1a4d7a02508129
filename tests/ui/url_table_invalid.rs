use cacher::cache;

#[cache(backend = "sqlite://./cache.db?table=posts;drop")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
