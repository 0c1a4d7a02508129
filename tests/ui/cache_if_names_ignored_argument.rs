use cacher::cache;

#[cache(cache_if = dry, ignore = [dry])]
fn square(n: u64, dry: bool) -> u64 {
    if dry { 0 } else { n * n }
}

fn main() {}
