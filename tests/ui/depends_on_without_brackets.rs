use cacher::cache;

#[cache(depends_on = cacher::modified("dump"))]
fn words(n: u64) -> u64 {
    n
}

fn main() {}
