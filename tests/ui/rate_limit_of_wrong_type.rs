use cacher::cache;

#[cache(rate_limit = std::time::Duration::from_secs(1))]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
