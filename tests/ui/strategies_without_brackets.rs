use cacher::cache;

struct SlowOnly;

impl cacher::strategy::Strategy for SlowOnly {}

#[cache(strategies = SlowOnly)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
