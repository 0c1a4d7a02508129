use cacher::cache;

#[cache(backend = "null://", write = String::new())]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
