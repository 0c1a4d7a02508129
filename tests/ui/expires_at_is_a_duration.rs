use cacher::cache;

#[cache(expires_at = "5m")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
