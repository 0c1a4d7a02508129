use cacher::cache;

#[cache(hard_timeout = "2s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
