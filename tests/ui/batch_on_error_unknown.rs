use cacher::cache;

#[cache(batch = ids, on_error = ignore)]
fn values(ids: &[u64]) -> Result<Vec<Option<u64>>, String> {
    Ok(ids.iter().copied().map(Some).collect())
}

fn main() {}
