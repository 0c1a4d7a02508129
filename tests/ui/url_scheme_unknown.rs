use cacher::cache;

#[cache(backend = "fiel://./x")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
