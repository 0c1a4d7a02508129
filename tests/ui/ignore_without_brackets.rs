use cacher::cache;

#[cache(ignore = n)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
