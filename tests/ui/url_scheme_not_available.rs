use cacher::cache;

#[cache(backend = ["memory://", "mongodb://localhost/app"])]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
