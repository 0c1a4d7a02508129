use cacher::cache;

#[cache]
async fn square(n: u64) -> u64 {
    n * m
}

fn main() {}
