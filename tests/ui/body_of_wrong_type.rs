use cacher::cache;

#[cache]
fn square(n: u64) -> u64 {
    format!("{n}")
}

fn main() {}
