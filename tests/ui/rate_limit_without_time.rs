use cacher::cache;

#[cache(rate_limit = "10")]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
