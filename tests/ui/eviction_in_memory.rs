use cacher::cache;

#[cache(capacity = 10, eviction = fifo)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
