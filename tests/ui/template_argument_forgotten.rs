use cacher::cache;

#[cache(key = "posts:{endpoint}")]
fn posts(endpoint: &str, page: u64) -> String {
    format!("{endpoint}{page}")
}

fn main() {}
