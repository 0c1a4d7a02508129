use cacher::cache;

#[cache(version = "")]
fn double(n: u64) -> u64 {
    2 * n
}

fn main() {}
