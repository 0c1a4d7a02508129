use cacher::cache;

#[cache(batch = ids, parallel = 4)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
