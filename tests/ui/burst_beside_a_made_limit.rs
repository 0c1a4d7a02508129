use cacher::cache;

#[cache(rate_limit = cacher::strategy::RateLimit::new(1, std::time::Duration::from_secs(1)), burst = 5)]
fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
