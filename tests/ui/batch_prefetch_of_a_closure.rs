use cacher::cache;

#[cache(batch = ids, prefetch, ignore = [show])]
fn values(ids: &[u64], show: impl Fn(u64) + Clone) -> Vec<u64> {
    ids.iter().for_each(|id| show(*id));
    ids.to_vec()
}

fn main() {}
