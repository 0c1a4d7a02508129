use cacher::cache;

#[cache(capacity = 0)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
