use cacher::cache;

#[cache(backend = "memory://", revisions = 5)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
