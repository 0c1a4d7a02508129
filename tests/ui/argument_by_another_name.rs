use cacher::cache;

#[cache(max_size = 10)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
