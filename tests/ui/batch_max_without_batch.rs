use cacher::cache;

#[cache(max_batch = 100)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
