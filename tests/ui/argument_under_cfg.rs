use cacher::cache;

#[cache]
fn square(n: u64, #[cfg(windows)] m: u64) -> u64 {
    n * n
}

fn main() {}
