use cacher::cache;

#[cache(admit = first_sighting)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
