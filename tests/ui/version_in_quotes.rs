use cacher::cache;

#[cache(version = "code")]
fn double(n: u64) -> u64 {
    2 * n
}

fn main() {}
