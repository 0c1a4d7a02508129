use cacher::cache;

#[cache(backend = ["memory://", "redis://localhost/0"])]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
