use cacher::cache;

#[cache(capacity = "10k")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
