use cacher::cache;

#[cache]
fn double(n: u64) -> u64 {
    2 * n
}

#[cache(version = "v1", depends = [double])]
fn four_times(n: u64) -> u64 {
    2 * double(n)
}

fn main() {}
