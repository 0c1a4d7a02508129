use cacher::cache;

#[cache(keyer = hash)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
