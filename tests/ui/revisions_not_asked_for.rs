use cacher::cache;

#[cache(backend = "null://")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    square::entry(3).revision(-1);
}
