use cacher::cache;

#[cache(single_flight = false)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
