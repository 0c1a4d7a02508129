use cacher::cache;

#[cache(breaker = "50%/10s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
