use cacher::cache;

#[cache(tll = "5m")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
