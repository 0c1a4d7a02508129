use cacher::cache;

#[cache]
fn square(n: u64) -> u64 {
    let m = ;
    n * m
}

fn main() {}
