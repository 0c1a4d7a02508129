use cacher::cache;

#[cache(archive)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
