use cacher::cache;

#[cache(backend = "null://", revisions = n)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
