use cacher::cache;

#[cache(tti = |value| std::time::Duration::from_secs(*value))]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
