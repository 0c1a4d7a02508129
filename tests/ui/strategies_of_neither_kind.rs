use cacher::cache;

struct SlowOnly;

#[cache(strategies = [SlowOnly])]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
