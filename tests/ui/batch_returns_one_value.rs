use cacher::cache;

#[cache(batch = ids)]
fn sum(ids: &[u64]) -> u64 {
    ids.iter().sum()
}

fn main() {}
