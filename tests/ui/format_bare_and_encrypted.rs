use cacher::cache;

#[cache(backend = "file://./x", format = "raw+encrypt+bare")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
