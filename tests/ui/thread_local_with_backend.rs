use cacher::cache;

#[cache(thread_local, backend = "file://./x")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
