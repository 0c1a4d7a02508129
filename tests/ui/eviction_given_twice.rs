use cacher::cache;

#[cache(backend = "file://./x?capacity=10&eviction=lfu", eviction = fifo)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
