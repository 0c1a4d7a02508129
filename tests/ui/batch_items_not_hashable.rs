use cacher::cache;

#[derive(Clone)]
struct Id(u64);

#[cache(batch = ids)]
fn values(ids: &[Id]) -> Vec<u64> {
    ids.iter().map(|id| id.0).collect()
}

fn main() {}
