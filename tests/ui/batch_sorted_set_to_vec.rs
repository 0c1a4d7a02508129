use cacher::cache;

use std::collections::BTreeSet;

#[cache(batch = ids)]
fn values(ids: &BTreeSet<u64>) -> Vec<u64> {
    ids.iter().copied().collect()
}

fn main() {}
