use cacher::cache;

#[cache(stale_while_revalidate = "30s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
