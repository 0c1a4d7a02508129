use cacher::cache;

#[cache(abandon_after = "10s", single_flight = off)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
