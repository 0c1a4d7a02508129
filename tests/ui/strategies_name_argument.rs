use cacher::cache;

struct SlowOnly(usize);

impl cacher::strategy::Strategy for SlowOnly {}

#[cache(strategies = [SlowOnly(url.len())])]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
