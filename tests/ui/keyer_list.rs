use cacher::cache;

#[cache(backend = ["memory://", "file://./.cache"], keyer = [hash, readable])]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
