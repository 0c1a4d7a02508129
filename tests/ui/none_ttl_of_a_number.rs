use cacher::cache;

#[cache(none_ttl = "5s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
