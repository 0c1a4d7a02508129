use cacher::cache;

#[cache(batch = ids, ttl = "1m", stale_while_revalidate = "30s", refresh = background)]
fn squares(ids: Vec<u64>) -> Vec<u64> {
    ids.iter().map(|id| id * id).collect()
}

fn main() {}
