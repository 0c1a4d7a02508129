use cacher::cache;

#[cache(backend = "file://./x", format = "json+lz4?level=3")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
