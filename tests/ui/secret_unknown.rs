use cacher::cache;

#[cache(secret = [api_kye])]
fn posts(endpoint: &str, api_key: &str) -> usize {
    endpoint.len() + api_key.len()
}

fn main() {}
