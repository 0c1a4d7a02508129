use cacher::cache;

const STORE: u8 = 5;

#[cache(backend = STORE)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
