use cacher::cache;

#[cache(rate_limit = "10/s", on_limit = stale)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
