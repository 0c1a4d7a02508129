use cacher::cache;

#[cache(batch = ids, batch_window = "2ms", single_flight = off)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
