use cacher::cache;

#[cache(backend = "null://", revisions = 0)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
