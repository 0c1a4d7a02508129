use cacher::cache;

#[cache(batch = ids, error_ttl = "30s", error_if = |_| true)]
fn squares(ids: &[u64]) -> Result<Vec<u64>, std::num::ParseIntError> {
    Ok(ids.iter().map(|id| id * id).collect())
}

fn main() {}
