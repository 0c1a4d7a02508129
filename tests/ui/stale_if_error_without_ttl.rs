use cacher::cache;

#[cache(stale_if_error = "1h")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
