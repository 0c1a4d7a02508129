use cacher::cache;

use std::collections::HashMap;

#[cache(batch = ids)]
fn values(ids: &[u64]) -> HashMap<String, u64> {
    ids.iter().map(|id| (id.to_string(), *id)).collect()
}

fn main() {}
