use cacher::cache;

#[cache(backend = "file://./x", format = "msgpack+encrypt+zstd")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
