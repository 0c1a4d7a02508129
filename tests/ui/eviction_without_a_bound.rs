use cacher::cache;

#[cache(backend = "file://./x", eviction = fifo)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
