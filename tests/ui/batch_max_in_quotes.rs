use cacher::cache;

#[cache(batch = ids, max_batch = "100")]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
