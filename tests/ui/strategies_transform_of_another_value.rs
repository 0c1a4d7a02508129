use cacher::cache;

struct SlowOnly;

impl cacher::strategy::Transform<Vec<u8>> for SlowOnly {}

#[cache(strategies = [SlowOnly])]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
