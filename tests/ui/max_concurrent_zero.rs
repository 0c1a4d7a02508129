use cacher::cache;

#[cache(max_concurrent = 0)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
