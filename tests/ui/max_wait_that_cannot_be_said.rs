use cacher::cache;

#[cache(rate_limit = "10/s", max_wait = "10s")]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
