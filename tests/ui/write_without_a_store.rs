use cacher::cache;

#[cache(write = background)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
