use cacher::cache;

#[cache(backend = vec!["memory://", "file://./x"])]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
