use cacher::cache;

#[cache(key = "{endpiont}")]
fn posts(endpoint: &str) -> usize {
    endpoint.len()
}

fn main() {}
