use cacher::cache;

#[cache(rate_limit = limit(url))]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
