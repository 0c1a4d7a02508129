use cacher::cache;

#[cache(backend = "file://./.cache/posts", single_flight = distributed)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
