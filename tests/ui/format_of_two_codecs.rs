use cacher::cache;

#[cache(backend = "file://./x", format = "json+msgpack")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
