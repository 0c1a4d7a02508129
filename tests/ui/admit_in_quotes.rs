use cacher::cache;

#[cache(admit = "second_sighting")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
