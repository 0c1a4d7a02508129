use cacher::cache;

#[cache(rate_limit = "10/s", shared_rate)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
