use cacher::cache;

#[cache(ttl = "1m", stale_if_error = "1h", soft_timeout = "5s", hard_timeout = "2s")]
fn fetch(url: &str) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
