use cacher::cache;

#[cache(batch = ids, backend = store(), single_flight = distributed)]
fn values(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn store() -> String {
    "redis://localhost".to_owned()
}

fn main() {}
