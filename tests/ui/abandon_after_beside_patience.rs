use cacher::cache;

#[cache(abandon_after = "10s", patience = "30s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
