use cacher::cache;

#[cache(on_limit = error)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
