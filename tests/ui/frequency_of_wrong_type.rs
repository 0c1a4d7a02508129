use cacher::cache;

#[cache(backend = "file://./x", frequency = 10)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
