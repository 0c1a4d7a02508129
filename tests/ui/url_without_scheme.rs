use cacher::cache;

#[cache(backend = "./.cache/squares")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
