use cacher::cache;

#[cache(batch = ids, batch_window = "2ms", thread_local)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
