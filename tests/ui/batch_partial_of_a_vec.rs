use cacher::cache;

#[cache(batch = ids, on_error = partial)]
fn values(ids: &[u64]) -> Result<Vec<u64>, String> {
    Ok(ids.to_vec())
}

fn main() {}
