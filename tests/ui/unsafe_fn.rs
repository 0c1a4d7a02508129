use cacher::cache;

#[cache]
unsafe fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
