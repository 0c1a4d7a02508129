use cacher::cache;

const MOST: u32 = 100;

#[cache(batch = ids, max_batch = MOST)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
