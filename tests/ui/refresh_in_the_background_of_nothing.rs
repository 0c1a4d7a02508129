use cacher::cache;

#[cache(ttl = "1m", refresh = background)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
