use cacher::cache;

#[cache(key = "posts:{endpoint")]
fn posts(endpoint: &str) -> usize {
    endpoint.len()
}

fn main() {}
