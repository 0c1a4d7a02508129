use cacher::cache;

#[cache(version = code, depends = [duoble])]
fn four_times(n: u64) -> u64 {
    4 * n
}

fn main() {}
