use cacher::cache;

#[cache(single, capacity = 10)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
