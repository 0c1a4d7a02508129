use cacher::cache;

#[cache(max_bytes = "64mib")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
