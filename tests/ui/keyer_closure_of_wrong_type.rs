use cacher::cache;

#[cache(backend = "file://./.cache", keyer = |call| call.identity().len())]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
