use cacher::cache;

#[cache(rate_limit = "1.5/s")]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
