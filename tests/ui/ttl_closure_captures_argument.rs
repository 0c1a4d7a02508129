use cacher::cache;

#[cache(ttl = |value| std::time::Duration::from_secs(value + n))]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
