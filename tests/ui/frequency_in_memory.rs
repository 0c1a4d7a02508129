use cacher::cache;

#[cache(frequency = "10/1h")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
