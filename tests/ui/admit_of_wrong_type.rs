use cacher::cache;

#[cache(admit = std::time::Duration::from_secs(10))]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
