use cacher::cache;

#[cache(rate_limit = "10/s", max_wait = std::time::Duration::from_secs(seconds))]
fn fetch(url: &str, seconds: u64) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
