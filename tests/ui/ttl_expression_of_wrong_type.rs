use cacher::cache;

const LIFE: u64 = 60;

#[cache(ttl = LIFE)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
