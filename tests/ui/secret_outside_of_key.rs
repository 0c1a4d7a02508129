use cacher::cache;

#[cache(key = (endpoint), secret = [api_key])]
fn posts(endpoint: &str, api_key: &str) -> usize {
    endpoint.len() + api_key.len()
}

fn main() {}
