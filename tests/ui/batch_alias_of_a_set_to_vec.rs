use cacher::cache;

type Ids = std::collections::HashSet<u64>;

#[cache(batch = ids)]
fn values(ids: &Ids) -> Vec<u64> {
    ids.iter().copied().collect()
}

fn main() {}
