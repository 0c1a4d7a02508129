use cacher::cache;

#[cache(error_ttl = "30s", error_if = |_| true)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
