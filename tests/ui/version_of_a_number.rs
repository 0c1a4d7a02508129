use cacher::cache;

#[cache(version = 1)]
fn double(n: u64) -> u64 {
    2 * n
}

fn main() {}
