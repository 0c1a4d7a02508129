use cacher::cache;

#[cache(rate_limit = "10/s", variance = 1.5)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
