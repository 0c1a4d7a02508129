use cacher::cache;

type Posts = Vec<String>;

#[cache(batch = ids)]
async fn posts(ids: &[u64]) -> Result<Posts, String> {
    Ok(ids.iter().map(u64::to_string).collect())
}

fn main() {}
