use cacher::cache;

#[cache(process_memory = "2GiB")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {}
