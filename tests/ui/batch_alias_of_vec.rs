use cacher::cache;

type Posts = Vec<String>;

#[cache(batch = ids)]
fn posts(ids: &[u64]) -> Posts {
    ids.iter().map(u64::to_string).collect()
}

fn main() {}
