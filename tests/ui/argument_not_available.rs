use cacher::cache;

#[cache(tags = ["squares"])]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
