use cacher::cache;

#[cache(backend = "file://./x", format = if n > 1 { "json" } else { "msgpack" })]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
