use cacher::cache;

#[cache(batch = ids)]
fn values(ids: &[u64]) -> (u64, u64) {
    (ids[0], ids[1])
}

fn main() {}
