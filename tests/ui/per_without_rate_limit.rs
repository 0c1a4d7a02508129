use cacher::cache;

#[cache(per = url)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
