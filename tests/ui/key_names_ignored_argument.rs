use cacher::cache;

#[cache(key = (n, m), ignore = [m])]
fn product(n: u64, m: u64) -> u64 {
    n * m
}

fn main() {}
