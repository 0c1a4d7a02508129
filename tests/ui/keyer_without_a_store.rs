use cacher::cache;

#[cache(backend = "memory://", keyer = readable)]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
