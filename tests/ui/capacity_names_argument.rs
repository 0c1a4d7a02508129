use cacher::cache;

#[cache(capacity = n)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
