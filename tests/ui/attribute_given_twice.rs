use cacher::cache;

#[cache(ttl = "5m")]
#[cache(capacity = 10)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
