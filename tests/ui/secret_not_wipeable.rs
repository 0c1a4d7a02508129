use cacher::cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct ApiKey(String);

#[cache(secret = [api_key])]
fn posts(endpoint: &str, api_key: &ApiKey) -> usize {
    endpoint.len() + api_key.0.len()
}

fn main() {}
