use cacher::cache;

#[cache(backend = "null://", single, revisions = 5)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
