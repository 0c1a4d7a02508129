use cacher::cache;

#[cache(breaker = std::time::Duration::from_secs(10))]
fn fetch(url: &str) -> Result<String, cacher::Error> {
    Ok(url.to_owned())
}

fn main() {}
