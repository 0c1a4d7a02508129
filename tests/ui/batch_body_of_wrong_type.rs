use cacher::cache;

#[cache(batch = ids)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.iter().map(u64::to_string).collect()
}

fn main() {}
