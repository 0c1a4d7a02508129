use cacher::cache;

#[cache(backend = 5u8)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
