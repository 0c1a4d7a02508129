use cacher::cache;

const ENTRIES: &str = "10k";

#[cache(capacity = ENTRIES)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
