use cacher::cache;

#[cache(single_flight = off, patience = "1s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
