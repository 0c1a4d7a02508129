use cacher::cache;

#[cache(colour = "blue")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
