use cacher::cache;

#[cache(batch = ids, on_error = partial)]
fn values(ids: &[u64]) -> Vec<Option<u64>> {
    ids.iter().copied().map(Some).collect()
}

fn main() {}
