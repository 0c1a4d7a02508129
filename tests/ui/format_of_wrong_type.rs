use cacher::cache;

#[cache(backend = "file://./x", format = make(7))]
fn square(n: u64) -> u64 {
    n * n
}

fn make(n: u64) -> u64 {
    n
}

fn main() {}
