use cacher::cache;

#[cache(batch = product(ids))]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
