use cacher::cache;

#[cache(jitter = "30s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
