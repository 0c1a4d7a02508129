use cacher::cache;

#[cache(backend = "file://./target/ui")]
fn posts(endpoint: &str, api_key: &str) -> usize {
    endpoint.len() + api_key.len()
}

fn main() {}
