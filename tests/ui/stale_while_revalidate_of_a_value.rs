use cacher::cache;

#[cache(ttl = "1m", stale_while_revalidate = |value: &u64| std::time::Duration::from_secs(*value))]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
