use cacher::cache;

#[cache(secret = [api_key], ignore = [api_key])]
fn posts(endpoint: &str, api_key: &str) -> usize {
    endpoint.len() + api_key.len()
}

fn main() {}
