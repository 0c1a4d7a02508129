use cacher::cache;

#[cache(backend = "null://", ttl = "1h", revisions = 5, archive)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
