use cacher::cache;

#[cache(batch = ids, key = (lang))]
fn values(ids: &[u64], lang: &str) -> Vec<String> {
    ids.iter().map(|id| format!("{id}{lang}")).collect()
}

fn main() {}
