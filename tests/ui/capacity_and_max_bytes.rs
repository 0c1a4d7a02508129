use cacher::cache;

#[cache(capacity = 10, max_bytes = "64MiB")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
