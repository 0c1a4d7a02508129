use cacher::cache;

#[cache(shared_rate)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
