use cacher::cache;

#[cache(ttl = 60)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
