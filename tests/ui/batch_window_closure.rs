use cacher::cache;

#[cache(batch = ids, batch_window = |values| std::time::Duration::from_millis(values.len() as u64))]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
