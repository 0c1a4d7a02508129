use cacher::cache;

#[cache(rate_limit = "0/s")]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
