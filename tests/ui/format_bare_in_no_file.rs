use cacher::cache;

#[cache(backend = "memory://?format=json+bare")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
