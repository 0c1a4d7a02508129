use cacher::cache;

#[cache(rate_limit = "10/s", per = url.len() as f64)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
