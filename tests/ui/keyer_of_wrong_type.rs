use cacher::cache;

#[cache(backend = "file://./.cache", keyer = String::new())]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {}
