use cacher::cache;

#[cache(backend = "null://", write = behind)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
