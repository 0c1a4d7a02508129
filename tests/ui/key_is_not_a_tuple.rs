use cacher::cache;

#[cache(key = n)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
