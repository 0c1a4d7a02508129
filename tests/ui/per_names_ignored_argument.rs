use cacher::cache;

#[cache(rate_limit = "10/s", per = host, ignore = [host])]
fn fetch(url: &str, host: &str) -> String {
    url.to_owned()
}

fn main() {}
