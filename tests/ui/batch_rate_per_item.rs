use cacher::cache;

#[cache(batch = ids, rate_limit = "1/s", per = ids)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
