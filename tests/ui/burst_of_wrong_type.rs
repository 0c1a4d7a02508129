use cacher::cache;

#[cache(rate_limit = "10/s", burst = usize::MAX)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
