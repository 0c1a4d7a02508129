use cacher::cache;

#[cache(burst = 5)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
