use cacher::cache;

struct Twice;

impl Twice {
    fn of(n: u64) -> u64 {
        2 * n
    }
}

#[cache(version = code, depends = [Twice::of])]
fn four_times(n: u64) -> u64 {
    2 * Twice::of(n)
}

fn main() {}
