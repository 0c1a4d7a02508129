use cacher::cache;

#[cache(tti = std::time::Duration::from_secs(n))]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
