use cacher::cache;

#[cache(batch = ids, extract = take, combine = |_, ids| ids)]
fn values(ids: Vec<u64>) -> Vec<u64> {
    ids
}

fn take(ids: &Vec<u64>) -> Vec<u64> {
    ids.clone()
}

fn main() {}
