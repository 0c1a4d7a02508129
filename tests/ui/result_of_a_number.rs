use cacher::cache;

#[cache(result)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
