use cacher::cache;

#[cache(ttl = "1m", revalidate = "7d", batch = ids)]
fn fetch(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
