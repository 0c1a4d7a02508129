use cacher::cache;

#[cache(batch = ids, prefetch, thread_local)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
