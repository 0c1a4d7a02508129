use cacher::cache;

#[cache(backend = "file://./x?format=json%2Bzstd?level=99")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
