use cacher::cache;

#[cache(ttl = "5m", expires_at = |_| std::time::SystemTime::now())]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
