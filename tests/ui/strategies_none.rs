use cacher::cache;

#[cache(strategies = [])]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
