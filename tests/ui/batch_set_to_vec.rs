use cacher::cache;

use std::collections::HashSet;

#[cache(batch = ids)]
fn values(ids: &HashSet<u64>) -> Vec<u64> {
    ids.iter().copied().collect()
}

fn main() {}
