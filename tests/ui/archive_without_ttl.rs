use cacher::cache;

#[cache(backend = "null://", archive)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
