use cacher::cache;

#[cache(backend = "null://", single, keyer = readable)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
