use cacher::cache;

#[cache(key = "posts:{}")]
fn posts(endpoint: &str) -> usize {
    endpoint.len()
}

fn main() {}
