use cacher::cache;

#[cache(backend = "memory://?format=json&capacity=10")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
