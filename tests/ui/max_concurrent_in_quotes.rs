use cacher::cache;

#[cache(max_concurrent = "8")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
