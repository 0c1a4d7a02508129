use cacher::cache;

#[cache(backend = "memory://?capasity=10")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
