use cacher::cache;

#[cache(batch = ids, backend = "memory://?format=json", single)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
