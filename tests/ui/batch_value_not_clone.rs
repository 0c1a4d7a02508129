use cacher::cache;

struct Post(u64);

#[cache(batch = ids)]
fn posts(ids: &[u64]) -> Vec<Post> {
    ids.iter().copied().map(Post).collect()
}

fn main() {}
